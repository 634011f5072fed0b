"""The life of a hold, and grants. With `funds` and `lots` the only writer of credit rows.

Each operation is one statement (see `statements`) and idempotent: said again with the same key it
changes nothing, said again with other content it is refused with KeyReused. All run under READ
COMMITTED; inside a larger transaction they come last, because they lock the team's account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.errors import (
    CannotSpend,
    HoldResolved,
    KeyReused,
    LimitsChanged,
    MoreThanCaptured,
    OverLimit,
)
from accounts.models import (
    AccountKind,
    Budget,
    CreditAccount,
    EntryKind,
    Hold,
    HoldState,
    LedgerEntry,
    LotKind,
    Team,
    User,
)
from accounts.services import budgets, returning, statements
from accounts.services.posting import (
    Posting,
    execute,
    give,
    is_said_again,
    lot_values,
    once,
    refusal,
    savepoint,
)
from config.ids import uuid7
from config.sql import run_prepared


@dataclass(frozen=True, slots=True)
class Balance:
    """A team's credits in microcredits; what can be spent is `available`."""

    posted: int = 0
    held: int = 0
    overdraft: int = 0

    @property
    def available(self) -> int:
        return self.posted - self.held + self.overdraft


def balance(*, team: Team) -> Balance:
    account = CreditAccount.objects.filter(team=team).first()
    return Balance(account.posted, account.held, account.overdraft) if account else Balance()


def grant(
    *,
    team: Team,
    amount: int,
    reason: str,
    reference: str,
    by: User | None = None,
    approver: User | None = None,
    expires_at: datetime | None = None,
) -> LedgerEntry:
    """Give credits to a team, once per reference; they may run out. Raises KeyReused."""
    posting = Posting(
        team=team,
        amount=amount,
        kind=EntryKind.GRANT,
        key=f"grant:{reference}",
        house=AccountKind.FUNDING,
        reason=reason,
        by=by,
        approver=approver,
    )
    return give(posting, lot=LotKind.GRANTED, expires_at=expires_at)


def hold(
    *,
    team: Team,
    amount: int,
    reference: str,
    limits: Sequence[Budget] = (),
    limits_made: int | None = None,
) -> Hold:
    """Set credits aside within the limits, once per reference; `spending` finds the limits.

    With `limits_made`, only while the team was given no more than these. Raises
    InsufficientCredits, OverLimit, LimitsChanged, AccountFrozen, KeyReused.
    """
    values = {
        "id": uuid7(),
        "team": team.pk,
        "amount": amount,
        "reference": reference,
        "limits_made": limits_made,
    }
    windows = budgets.windows(limits) if limits else []
    statement = statements.HOLD_WITHIN if limits else statements.HOLD
    try:
        with savepoint():
            rows = run_prepared(statement, values | {"windows": windows})
    except IntegrityError:
        if not Hold.objects.filter(reference=reference).exists():
            raise
        rows = []
    if rows:
        return _pending(rows[0], amount=amount, reference=reference, windows=windows)
    # Said again it is the first hold, also when nothing more is available.
    first = Hold.objects.select_related("account").filter(reference=reference).first()
    if first is None:
        raise _why_not(team, amount, limits, limits_made)
    if first.amount != amount or first.account.team_id != team.pk:
        raise KeyReused(reference)
    return first


def capture(*, hold: UUID, amount: int) -> None:
    """Spend `amount` of a hold, above 0 and at most all of it, and give the rest back.

    Raises HoldResolved when the hold was released, or captured at another amount.
    """
    if not run_prepared(statements.CAPTURE, {"hold": hold, "amount": amount}):
        _expect(hold, state=HoldState.CAPTURED, captured=amount)


def held(*, hold: UUID) -> int:
    """What was set aside, however it ended; for hot paths, which need no more of the hold."""
    ((amount,),) = run_prepared(statements.HELD, {"hold": hold})
    return int(amount)


def release(*, hold: UUID) -> None:
    """Give a hold back whole. Raises HoldResolved when it was captured."""
    if not run_prepared(statements.RELEASE, {"hold": hold}):
        _expect(hold, state=HoldState.RELEASED, captured=0)


def overrun(*, hold: UUID, amount: int, reason: str) -> None:
    """Charge what lies above a hold, once: the team as far as it can, the house the rest."""
    key, rest = f"overrun:{hold}", f"overrun-rest:{hold}"
    values = {"hold": hold, "amount": amount, "key": key, "rest_key": rest, "reason": reason}
    booked = LedgerEntry.objects.filter(key__in=[key, rest])
    if not booked.exists():
        try:
            with transaction.atomic():
                execute(statements.OVERRUN, values)
        except IntegrityError:
            if not booked.exists():
                raise
    if sum(entry.amount for entry in booked.all()) != amount:
        raise KeyReused(key)


def house(*, hold: UUID, amount: int, reason: str, reference: str) -> None:
    """Book to the house what the provider charged and no team pays, once per reference."""
    key = f"house:{reference}"
    execute(statements.HOUSE, {"hold": hold, "amount": amount, "key": key, "reason": reason})
    entry = LedgerEntry.objects.get(key=key)
    if (entry.amount, entry.hold_id) != (amount, hold):
        raise KeyReused(key)


def refund(
    *,
    hold: UUID,
    amount: int,
    reference: str,
    reason: str,
    by: User | None = None,
    approver: User | None = None,
) -> LedgerEntry:
    """Give back part of what was charged, once per reference, as `returning` says.

    Raises MoreThanCaptured, KeyReused.
    """
    key = f"refund:{reference}"
    values = {
        "hold": hold,
        "amount": amount,
        "key": key,
        "actor": by.pk if by else None,
        "approver": approver.pk if approver else None,
        "reason": reason,
    }
    with transaction.atomic():
        # Before the account's own lock, as whoever takes back what ran out.
        portions = returning.portions(hold=hold, amount=amount)
        entry = once(statements.REFUND, values | lot_values(portions))
    if entry is None:
        raise MoreThanCaptured(amount)
    same = (entry.amount, entry.hold_id) == (amount, hold)
    if not (same and is_said_again(entry, reason=reason, by=by)):
        raise KeyReused(reference)
    return entry


def open_house_accounts() -> None:
    """Make the house's own accounts; they are part of the schema, like permissions are."""
    for kind in AccountKind:
        if kind is not AccountKind.TEAM:
            CreditAccount.objects.get_or_create(team=None, kind=kind)


def _pending(row: Sequence[Any], **known: Any) -> Hold:
    """The hold that was just made: to read it back would cost as much as to make it."""
    pk, account, created_at = row
    made = Hold(pk=pk, account_id=account, created_at=created_at, **known)
    made._state.adding = False  # noqa: SLF001  # as Django marks what it read
    return made


def _why_not(
    team: Team, amount: int, limits: Sequence[Budget], limits_made: int | None
) -> CannotSpend:
    """Why a hold was refused."""
    if limits_made is not None and budgets.made(team) != limits_made:
        return LimitsChanged()
    full = budgets.fullest(limits)
    return OverLimit(full, amount) if full and full.left < amount else refusal(team, amount)


def _expect(hold: UUID, *, state: HoldState, captured: int) -> None:
    if not Hold.objects.filter(pk=hold, state=state, captured=captured).exists():
        raise HoldResolved(str(hold))
