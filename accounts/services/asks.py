"""Asking for more: credits for the team, which staff give, or room in a limit of one's own."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.errors import AskDecided, LimitGone, NotAllowed, OpenAskAlready, OwnAsk, WordsNeeded
from accounts.models import AskKind, AskState, Budget, CreditRequest, Team, User
from accounts.money import say_credits
from accounts.permissions import Permission, has_permission
from accounts.services import ask_mail, budgets, ledger, teams


def ask(
    *, by: User, team: Team, amount: int, words: str, limit: Budget | None = None
) -> CreditRequest:
    """Ask staff for team credits or, with a limit of one's own, an approver for more room in it.

    Raises NotAllowed, LimitGone, OpenAskAlready.
    """
    if not has_permission(by, Permission.GENERATE, team):
        raise NotAllowed
    if limit and limit not in own_limits(by, team):
        raise LimitGone
    kind = AskKind.LIMIT if limit else AskKind.CREDITS
    try:
        with transaction.atomic():
            made = CreditRequest.objects.create(
                team=team, by=by, kind=kind, budget=limit, amount=amount, words=words
            )
    except IntegrityError as error:
        if not CreditRequest.objects.filter(team=team, by=by, kind=kind, state="open").exists():
            raise
        raise OpenAskAlready from error
    ask_mail.asked(made)
    return made


def withdraw(*, by: User, ask: CreditRequest) -> None:
    """Take one's own ask back. Raises NotAllowed, AskDecided."""
    if ask.by_id != by.pk:
        raise NotAllowed
    _end(ask, by=by, state=AskState.WITHDRAWN)


def decide(*, by: User, ask: CreditRequest, verdict: AskState, amount: int, note: str = "") -> str:
    """Grant or decline it: what was done, in words. Raises as `grant` and `decline` do."""
    if verdict == AskState.GRANTED:
        grant(by=by, ask=ask, amount=amount, note=note)
        return f"{say_credits(amount)} granted to {ask.by.display_name}."
    decline(by=by, ask=ask, note=note)
    return f"Declined. {ask.by.display_name} is told."


def grant(*, by: User, ask: CreditRequest, amount: int, note: str = "") -> None:
    """Give what was asked for, or another amount; once, however many decide at once.

    Raises NotAllowed, OwnAsk, AskDecided, LimitGone.
    """
    with transaction.atomic():
        _may_decide(by, ask)
        _end(ask, by=by, state=AskState.GRANTED, granted=amount, note=note)
        if ask.budget:
            budgets.raise_limit(by=by, budget=ask.budget, more=amount)
        else:
            ledger.grant(
                team=ask.team,
                amount=amount,
                reason=f"Asked for by {ask.by.display_name}",
                reference=f"ask:{ask.pk}",
                by=by,
            )
        ask_mail.decided(ask)


def decline(*, by: User, ask: CreditRequest, note: str) -> None:
    """Raises NotAllowed, OwnAsk, WordsNeeded, AskDecided."""
    if not note.strip():
        raise WordsNeeded
    with transaction.atomic():
        _may_decide(by, ask)
        _end(ask, by=by, state=AskState.DECLINED, note=note)
        ask_mail.decided(ask)


def waiting(kind: AskKind) -> QuerySet[CreditRequest]:
    """What nobody has decided yet, the oldest first."""
    found = CreditRequest.objects.filter(kind=kind, state=AskState.OPEN)
    return found.select_related("by", "team", "budget").order_by("created_at", "id")


def own_limits(user: User, team: Team) -> QuerySet[Budget]:
    """The limits of this person alone, which they may ask to have raised."""
    return Budget.objects.filter(team=team, member=user, ended_at__isnull=True)


def _may_decide(by: User, ask: CreditRequest) -> None:
    """Staff about team credits, approvers about limits, and nobody about their own ask."""
    if ask.kind == AskKind.LIMIT:
        teams.keep_permission(by, Permission.APPROVE, ask.team)
    elif not User.objects.filter(pk=by.pk, is_staff=True, is_active=True).exists():
        raise NotAllowed
    if ask.by_id == by.pk:
        raise OwnAsk


def _end(
    ask: CreditRequest, *, by: User, state: AskState, granted: int | None = None, note: str = ""
) -> None:
    """The first to end it does; the row's condition settles every race."""
    still_open = CreditRequest.objects.filter(pk=ask.pk, state=AskState.OPEN)
    changes = {"state": state, "granted": granted, "note": note.strip(), "decided_by": by}
    ended = still_open.update(**changes, decided_at=Now())
    ask.refresh_from_db()
    if not ended:
        raise AskDecided(ask.get_state_display())
