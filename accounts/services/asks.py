"""Asking for more: credits for the team, which staff give, or room in a limit of one's own."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.errors import AskDecided, LimitGone, NotAllowed, OpenAskAlready, OwnAsk, WordsNeeded
from accounts.models import (
    AskKind,
    AskState,
    Budget,
    ChangeKind,
    ChangeState,
    CreditRequest,
    Team,
    User,
)
from accounts.money import say_credits
from accounts.permissions import Permission, has_permission
from accounts.services import ask_ends, ask_mail, budgets, changes, staff, teams
from config.ids import uuid7


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
    ask_ends.end(ask, by=by, state=AskState.WITHDRAWN)


def decide(*, by: User, ask: CreditRequest, verdict: AskState, amount: int, note: str = "") -> str:
    """Grant or decline it: what was done, in words. Raises as `grant` and `decline` do."""
    if verdict == AskState.GRANTED:
        if grant(by=by, ask=ask, amount=amount, note=note):
            return f"{say_credits(amount)} granted to {ask.by.display_name}."
        return f"{say_credits(amount)} wait for a second member of staff. Nothing is given yet."
    decline(by=by, ask=ask, note=note)
    return f"Declined. {ask.by.display_name} is told."


def grant(*, by: User, ask: CreditRequest, amount: int, note: str = "") -> bool:
    """Give what was asked for, or another amount; once, however many decide at once.

    False where so much waits for a second member of staff. Raises NotAllowed, OwnAsk, AskDecided,
    LimitGone, ChangeWaits.
    """
    with transaction.atomic():
        _may_decide(by, ask)
        if ask.budget is None:
            return _give(by, ask, amount, note)
        ask_ends.end(ask, by=by, state=AskState.GRANTED, granted=amount, note=note)
        budgets.raise_limit(by=by, budget=ask.budget, more=amount)
        ask_mail.decided(ask)
    return True


def decline(*, by: User, ask: CreditRequest, note: str) -> None:
    """Raises NotAllowed, OwnAsk, WordsNeeded, AskDecided."""
    if not note.strip():
        raise WordsNeeded
    with transaction.atomic():
        _may_decide(by, ask)
        ask_ends.end(ask, by=by, state=AskState.DECLINED, note=note)
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
    else:
        staff.expect_staff(by)
    if ask.by_id == by.pk:
        raise OwnAsk


def _give(by: User, ask: CreditRequest, amount: int, note: str) -> bool:
    # Of many at once the second finds here what the first has decided, or left for a second person.
    found = CreditRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=ask.pk)
    if not found.is_open:
        raise AskDecided(found.get_state_display())
    draft = changes.Draft(
        key=uuid7(),
        team=ask.team,
        kind=ChangeKind.GRANT,
        amount=amount,
        reason=f"Asked for by {ask.by.display_name}",
        ask=ask,
        words=note,
    )
    made = changes.make(by=by, draft=draft)
    ask.refresh_from_db()
    return made.state == ChangeState.DONE
