"""Doing a change that staff made: its entry in the ledger, and what stood before it."""

from collections.abc import Callable

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.errors import (
    AskDecided,
    InsufficientCredits,
    MoreThanCaptured,
    RanOutMeanwhile,
    TeamHasLess,
)
from accounts.models import (
    AskState,
    ChangeKind,
    ChangeState,
    CreditAccount,
    CreditChange,
    LedgerEntry,
    User,
)
from accounts.services import alone, ask_ends, ask_mail, funds, ledger


def do(change: CreditChange, *, approver: User | None, note: str = "") -> None:
    """Book it, once: `change` is locked, or was made just now. Raises what the ledger does."""
    with transaction.atomic():
        if change.is_overdraft:
            entry, overdraft, moved = None, _set_overdraft(change, approver), 0
        else:
            entry, overdraft = _BOOK[ChangeKind(change.kind)](change, approver), None
            moved = change.amount
        # Ours until the transaction ends, so what it says is what the change made of it.
        after = CreditAccount.objects.get(team=change.team_id)
        CreditChange.objects.filter(pk=change.pk).update(
            state=ChangeState.DONE,
            entry=entry,
            decided_by=approver,
            decided_at=Now(),
            note=note.strip(),
            posted_before=after.posted - moved,
            held_before=after.held,
            overdraft_before=after.overdraft if overdraft is None else overdraft,
        )
    change.refresh_from_db()


def _set_overdraft(change: CreditChange, approver: User | None) -> int:
    return funds.set_overdraft(
        team=change.team,
        amount=change.amount,
        reason=change.reason,
        by=change.by,
        approver=approver,
    )


def _adjust(change: CreditChange, approver: User | None) -> LedgerEntry:
    try:
        return funds.adjust(
            team=change.team,
            amount=change.amount,
            reason=change.reason,
            reference=str(change.pk),
            by=change.by,
            approver=approver,
        )
    except InsufficientCredits as error:
        raise TeamHasLess(taken=error.needed, available=error.available) from error


def _promote(change: CreditChange, approver: User | None) -> LedgerEntry:
    if change.expires_at and change.expires_at <= timezone.now():
        raise RanOutMeanwhile
    return funds.promote(
        team=change.team,
        amount=change.amount,
        reference=str(change.pk),
        reason=change.reason,
        expires_at=change.expires_at,
        by=change.by,
        approver=approver,
    )


def _grant(change: CreditChange, approver: User | None) -> LedgerEntry:
    """What answers an ask ends it, in the name of whoever granted it."""
    ask = change.ask
    if ask is None:
        raise AskDecided("gone")
    alone.expect_second(change.amount, by=change.by, approver=approver)
    ask_ends.end(
        ask,
        by=change.by,
        state=AskState.GRANTED,
        granted=change.amount,
        note=change.words,
        through=change,
    )
    entry = ledger.grant(
        team=change.team,
        amount=change.amount,
        reason=change.reason,
        reference=f"ask:{ask.pk}",
        by=change.by,
        approver=approver,
    )
    ask_mail.decided(ask)
    return entry


def _refund(change: CreditChange, approver: User | None) -> LedgerEntry:
    if change.hold_id is None:
        raise MoreThanCaptured(change.amount)
    alone.expect_second(change.amount, by=change.by, approver=approver)
    return ledger.refund(
        hold=change.hold_id,
        amount=change.amount,
        reference=f"by-hand:{change.pk}",
        reason=change.reason,
        by=change.by,
        approver=approver,
    )


_BOOK: dict[ChangeKind, Callable[[CreditChange, User | None], LedgerEntry]] = {
    ChangeKind.ADJUST: _adjust,
    ChangeKind.GRANT: _grant,
    ChangeKind.PROMOTION: _promote,
    ChangeKind.REFUND: _refund,
}
