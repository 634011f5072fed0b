"""Running the ledger's statements, and what a repeated key means."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from accounts.errors import AccountFrozen, InsufficientCredits, KeyReused
from accounts.models import (
    PRIORITY,
    AccountKind,
    CreditAccount,
    EntryKind,
    LedgerEntry,
    LotKind,
    Team,
    User,
)
from accounts.services import fund_statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One movement between a team and a house account. Amounts are positive microcredits."""

    team: Team
    amount: int
    kind: EntryKind
    key: str
    house: AccountKind
    reason: str
    by: User | None = None
    approver: User | None = None

    @property
    def values(self) -> dict[str, Any]:
        return {
            "team": self.team.pk,
            "amount": self.amount,
            "kind": self.kind,
            "key": self.key,
            "source": self.house,
            "reason": self.reason,
            "actor": self.by.pk if self.by else None,
            "approver": self.approver.pk if self.approver else None,
        }


@dataclass(frozen=True, slots=True)
class Portion:
    """Part of what comes in: a lot that is yet to be made."""

    kind: LotKind
    amount: int
    expires_at: datetime | None = None
    effective_at: datetime | None = None  # None: when it comes in


def give(posting: Posting, *, lot: LotKind, expires_at: datetime | None = None) -> LedgerEntry:
    """Credit the team, once per key, with a lot of its own. Raises KeyReused."""
    return give_in_portions(posting, [Portion(lot, posting.amount, expires_at)])


def give_in_portions(posting: Posting, portions: Sequence[Portion]) -> LedgerEntry:
    """Credit the team, once per key, with a lot for each portion. Raises KeyReused."""
    with transaction.atomic():
        execute(fund_statements.OPEN_ACCOUNT, {"team": posting.team.pk})
        execute(fund_statements.GIVE, posting.values | lot_values(portions))
    entry = LedgerEntry.objects.select_related("debit", "credit").get(key=posting.key)
    sides = (entry.debit.kind, entry.credit.team_id) == (posting.house, posting.team.pk)
    if not (sides and _is_of(entry, posting) and _brought(entry, portions)):
        raise KeyReused(posting.key)
    return entry


def lot_values(portions: Sequence[Portion]) -> dict[str, Any]:
    """The lots of a statement that makes them, as arrays side by side."""
    return {
        "lot_kinds": [one.kind for one in portions],
        "lot_amounts": [one.amount for one in portions],
        "lot_priorities": [PRIORITY[one.kind] for one in portions],
        "lot_begins": [one.effective_at for one in portions],
        "lot_ends": [one.expires_at for one in portions],
    }


def take(posting: Posting) -> LedgerEntry:
    """Debit the team, once per key. Raises InsufficientCredits, KeyReused."""
    entry = once(fund_statements.TAKE, posting.values)
    if entry is None:
        raise refusal(posting.team, posting.amount)
    sides = (entry.debit.team_id, entry.credit.kind) == (posting.team.pk, posting.house)
    if not (sides and _is_of(entry, posting)):
        raise KeyReused(posting.key)
    return entry


def once(statement: str, values: dict[str, Any]) -> LedgerEntry | None:
    """The entry of this key, made now unless it was before; None where the statement refused."""
    made = LedgerEntry.objects.select_related("debit", "credit").filter(key=values["key"])
    if not made.exists():
        try:
            with transaction.atomic():
                execute(statement, values)
        except IntegrityError:
            # The same key came in meanwhile: what it did stands, and ours was undone whole.
            if not made.exists():
                raise
    return made.first()


def is_said_again(entry: LedgerEntry, *, reason: str, by: User | None) -> bool:
    """Whether somebody books the same for the same reason: what the entry itself recorded."""
    return (entry.reason, entry.actor_id) == (reason, by.pk if by else None)


def refusal(team: Team, amount: int) -> AccountFrozen | InsufficientCredits:
    """Why the team's account did not give this amount."""
    account = CreditAccount.objects.filter(team=team).first()
    if account and account.frozen_at:
        return AccountFrozen(team)
    return InsufficientCredits(needed=amount, available=account.available if account else 0)


def _is_of(entry: LedgerEntry, posting: Posting) -> bool:
    """Whether the entry is what this posting would book, between accounts that were compared."""
    approver = posting.approver.pk if posting.approver else None
    return (
        (entry.amount, entry.kind, entry.approver_id) == (posting.amount, posting.kind, approver)
    ) and is_said_again(entry, reason=posting.reason, by=posting.by)


def _brought(entry: LedgerEntry, portions: Sequence[Portion]) -> bool:
    """Whether these portions are the lots that came in with it."""
    made = [(lot.kind, lot.amount, lot.expires_at) for lot in entry.lots.order_by("pk")]
    wanted = [(one.kind, one.amount, one.expires_at) for one in portions]
    # An entry from before there were lots has none to compare.
    return not made or sorted(made, key=str) == sorted(wanted, key=str)


def execute(statement: str, values: dict[str, Any]) -> int:
    """How many rows the statement's last part changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def savepoint() -> AbstractContextManager[Any]:
    """What a refused statement needs inside a transaction; alone it is undone whole by itself."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()
