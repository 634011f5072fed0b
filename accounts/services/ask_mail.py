from accounts.models import AskKind, CreditRequest, User
from accounts.permissions import Permission, holders
from accounts.services.mail import send_after_commit


def asked(ask: CreditRequest) -> None:
    """Tell whoever decides; of team credits also the owners, who answer for them."""
    limit = ask.kind == AskKind.LIMIT
    what = "more room in a limit" if limit else "more credits"
    send_after_commit(
        "ask",
        subject=f"{ask.by.display_name} asks for {what} in {ask.team}",
        to=_who_decides(ask),
        context={"ask": ask, "limit": limit},
    )
    if not limit:
        send_after_commit(
            "ask_owners",
            subject=f"{ask.by.display_name} asks for more credits for {ask.team}",
            to=_owners(ask),
            context={"ask": ask},
        )


def decided(ask: CreditRequest) -> None:
    """Tell who asked and, of team credits, the owners."""
    others = [] if ask.kind == AskKind.LIMIT else _owners(ask)
    send_after_commit(
        "ask_decided",
        subject=f"{ask.get_state_display()}: what {ask.by.display_name} asked for in {ask.team}",
        to=[*dict.fromkeys([ask.by.email, *others])],
        context={"ask": ask},
    )


def _who_decides(ask: CreditRequest) -> list[str]:
    if ask.kind == AskKind.LIMIT:
        people = holders(Permission.APPROVE, ask.team)
    else:
        people = User.objects.staff().order_by("email")
    return [person.email for person in people if person != ask.by]


def _owners(ask: CreditRequest) -> list[str]:
    owners = holders(Permission.MANAGE_TEAM, ask.team)
    return [owner.email for owner in owners if owner not in (ask.by, ask.decided_by)]
