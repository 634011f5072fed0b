"""Which credits were spent: consumption is matched to lots, off the hot path.

An entry takes from the lots that were open when it took effect (a capture: when its hold was
admitted), in burn order. What none of them covers, an overdraft or credits that ran out before the
clock came round, is taken from any other lot: so what the lots have left is what is posted. A
pending hold keeps its part until it ends, so that nothing else burns what it was admitted with.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Sum
from django.utils import timezone

from accounts.models import (
    PRIORITY,
    CreditAccount,
    EntryKind,
    LedgerEntry,
    Lot,
    LotAllocation,
    LotKind,
)
from accounts.services import fund_statements
from accounts.services.posting import execute

AT_ONCE = 50_000
ROWS_A_STATEMENT = 2_000
# What a transfer takes, in burn order; the rest stays with the team that it was given to.
MOVABLE = (LotKind.GRANTED, LotKind.PURCHASED)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an entry, or a pending hold where `entry` is None, takes as of a moment."""

    entry: int | None
    amount: int
    at: datetime
    kind: str | None = None


@dataclass(slots=True)
class Remaining:
    """What a lot still has, and how much of that pending holds keep."""

    lot: Lot
    amount: int
    kept: int = 0

    @property
    def free(self) -> int:
        return self.amount - self.kept

    def is_open(self, at: datetime) -> bool:
        return self.lot.effective_at <= at and not self.has_ended(at)

    def has_ended(self, at: datetime) -> bool:
        ends = self.lot.expires_at
        return ends is not None and ends <= at


def allocate(account: CreditAccount) -> list[Remaining]:
    """Match what the account consumed to its lots: what each lot has left, in burn order."""
    with transaction.atomic():
        alone_with(account)
        while True:
            lots, rows = _match(account, at_once=AT_ONCE)
            if not rows:
                return [lot for lot in lots if lot.amount]
            LotAllocation.objects.bulk_create(rows, batch_size=ROWS_A_STATEMENT)


def left(account: CreditAccount) -> list[Remaining]:
    """What `allocate` would say now, without writing anything."""
    lots, _ = _match(account, at_once=None)
    return [lot for lot in lots if lot.amount]


def expire(*, now: datetime | None = None, within: timedelta | None = None) -> int:
    """Match what was spent, and take back what is left of lots that ran out; microcredits taken.

    What pending holds keep is left until they end: an accepted hold is never broken. With `within`
    only accounts are looked at of which a lot ran out so lately.
    """
    now = now or timezone.now()
    accounts = CreditAccount.objects.filter(team__isnull=False, frozen_at__isnull=True)
    if within:
        lately = Lot.objects.filter(expires_at__gt=now - within, expires_at__lte=now)
        accounts = accounts.filter(Exists(lately.filter(account=OuterRef("pk"))))
    return sum(expire_of(account, now) for account in accounts.order_by("pk"))


def expire_of(account: CreditAccount, now: datetime) -> int:
    """As `expire`, for one account that is not frozen."""
    with transaction.atomic():
        over = [lot for lot in allocate(account) if lot.has_ended(now) and lot.free > 0]
        return sum(_take_back(lot, now) for lot in over)


def pass_on(entry: LedgerEntry) -> None:
    """Let what a transfer brings be of the kinds, and end with the lots, that it was taken from."""
    if entry.lots.exists():
        return
    allocate(entry.debit)
    taken = list(entry.allocations.select_related("lot").order_by("pk"))
    lots = [_moved(entry, one.amount, one.lot) for one in taken]
    borrowed = entry.amount - sum(one.amount for one in taken)
    if borrowed:
        lots.append(_moved(entry, borrowed, Lot(kind=LotKind.GRANTED, effective_at=timezone.now())))
    Lot.objects.bulk_create(lots)


def alone_with(account: CreditAccount) -> None:
    """Until the transaction ends nobody else matches this account: two would burn the same lot.

    Not the account's own lock, for which holds would have to wait.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"lots of {account.pk}"]
        )


def burn_order(lot: Lot) -> tuple[int, bool, datetime, int]:
    """Lower priority first, then the sooner expiry, then the older lot."""
    return (*rank(lot.priority, begins=lot.effective_at, ends=lot.expires_at), lot.pk)


def rank(priority: int, *, begins: datetime, ends: datetime | None) -> tuple[int, bool, datetime]:
    """The burn order without what tells two alike apart: also of lots that are yet to be made."""
    return (priority, ends is None, ends or begins)


def _take_back(over: Remaining, now: datetime) -> int:
    values = {
        "lot": over.lot.pk,
        "amount": over.free,
        "now": now,
        # Said again of the same remainder, it is the same expiry.
        "key": f"expire:{over.lot.pk}:{over.lot.amount - over.amount}",
    }
    return over.free if execute(fund_statements.EXPIRE, values) else 0


def _match(
    account: CreditAccount, *, at_once: int | None
) -> tuple[list[Remaining], list[LotAllocation]]:
    """What the lots have left after the next claims, and what these took.

    The lots are read after the claims: none may miss that was there when an entry was booked.
    """
    claims, lots = _claims(account, at_once), _remaining(account)
    rows = [
        LotAllocation(entry_id=claim.entry, lot_id=lot_id, amount=amount)
        for claim in claims
        for lot_id, amount in _burn(claim, lots).items()
        if claim.entry is not None
    ]
    return lots, rows


def _claims(account: CreditAccount, at_once: int | None) -> list[Claim]:
    with connection.cursor() as cursor:
        cursor.execute(fund_statements.CLAIMS, {"account": account.pk, "at_once": at_once})
        return [Claim(*row) for row in cursor.fetchall()]


def _remaining(account: CreditAccount) -> list[Remaining]:
    lots = account.lots.annotate(burnt=Sum("allocations__amount"))
    left = [Remaining(lot, lot.amount - (lot.burnt or 0)) for lot in sorted(lots, key=burn_order)]
    return [lot for lot in left if lot.amount]


def _burn(claim: Claim, lots: list[Remaining]) -> Counter[int]:
    """What the claim takes from which lot."""
    took: Counter[int] = Counter()
    missing = claim.amount
    for lot, room in _in_turn(claim, lots):
        part = min(missing, room)
        if part > 0:
            took[lot.lot.pk] += part
            _give(lot, part, claim)
            missing -= part
        if not missing:
            break
    return took


def _in_turn(claim: Claim, lots: list[Remaining]) -> Iterator[tuple[Remaining, int]]:
    """The lots that were open for the claim, then the others, each with what it may take there."""
    later = []
    if claim.kind == EntryKind.TRANSFER:
        lots = sorted(lots, key=lambda one: one.lot.kind not in MOVABLE)
    for lot in lots:
        if lot.is_open(claim.at):
            yield lot, lot.free
        else:
            later.append(lot)
    yield from ((lot, lot.free) for lot in later)
    if claim.entry is not None:
        # Spent is spent: what pending holds keep by an overdraft does not stand before it.
        yield from ((lot, lot.amount) for lot in lots)


def _give(lot: Remaining, part: int, claim: Claim) -> None:
    if claim.entry is None:
        lot.kept += part
    else:
        lot.amount -= part
        lot.kept = min(lot.kept, lot.amount)


def _moved(entry: LedgerEntry, amount: int, of: Lot) -> Lot:
    return Lot(
        account=entry.credit,
        entry=entry,
        kind=of.kind,
        amount=amount,
        priority=PRIORITY[LotKind(of.kind)],
        effective_at=of.effective_at,
        expires_at=of.expires_at,
    )
