"""A team's ledger as a file, and its months.

The file is made of what cannot change, in one order and one spelling, so that made again it has the
same digest.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, Q, QuerySet, Sum, Value, When

from accounts.models import CreditAccount, EntryKind, LedgerEntry, User
from accounts.money import plain_credits
from accounts.services import entries
from generations.services.price_notes import Notes

COLUMNS = (
    "id",
    "created_at",
    "effective_at",
    "kind",
    "member",
    "token",
    "request",
    "model",
    "price_version",
    "amount",
    "running_balance",
    "memo",
)
CHUNK = 64 * 1024
# A cell that begins so is a formula to a spreadsheet, whoever wrote it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Month:
    first: date

    @property
    def since(self) -> datetime:
        return entries.start_of(self.first)

    @property
    def until(self) -> datetime:
        return entries.start_of(self.next.first)

    @property
    def is_earliest(self) -> bool:
        """Whether nothing can have been before it."""
        return self.since <= entries.BEGINNING

    @property
    def next(self) -> "Month":
        return Month((self.first + timedelta(days=32)).replace(day=1))

    @property
    def previous(self) -> "Month":
        return Month((self.first - timedelta(days=1)).replace(day=1))

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


class Record(NamedTuple):
    """What the file tells of an entry, as the database gives it."""

    id: int
    created_at: datetime
    effective_at: datetime
    kind: str
    asked_by: str | None
    done_by: str | None
    token: str | None
    request: UUID | None
    model: str | None
    price_version: int | None
    markup: int | None
    credit: int
    amount: int
    reason: str
    wanted: bool


@dataclass(slots=True)
class Tally:
    """What went into a file, counted while it is made; the digest is of its figures alone."""

    rows: int = 0
    last_entry: int | None = None
    moved: int = 0  # in microcredits
    _figures: Any = field(default_factory=hashlib.sha256)

    def count(self, entry: int, amount: int, *figures: object) -> None:
        self.rows += 1
        self.moved += amount
        self.last_entry = entry
        self._figures.update(f"{entry} {figures}\n".encode())

    @property
    def digest(self) -> str:
        digest: str = self._figures.hexdigest()
        return digest


@dataclass(frozen=True, slots=True)
class KindTotal:
    label: str
    came: int
    went: int


def csv_chunks(
    account: CreditAccount,
    *,
    since: datetime,
    until: datetime,
    user: User | None = None,
    where: Q | None = None,
    tally: Tally | None = None,
) -> Iterator[bytes]:
    """The entries of a period as CSV, all or those `where` says; with `user`, that person's alone.

    The balance is the team's after each entry, also where those between are left out; a single
    person's file leaves it empty.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    notes = Notes()
    for record, signed, balance in _rows(account, since, until, user=user, where=where):
        writer.writerow(_cells(record, signed, balance, notes))
        if tally:
            at = _moment(record.created_at)
            tally.count(record.id, signed, at, record.kind, signed, balance)
        if out.tell() > CHUNK:
            yield _take(out)
    yield _take(out)


def digest(chunks: Iterable[bytes]) -> str:
    """The SHA-256 of a file that is not kept."""
    whole = hashlib.sha256()
    for chunk in chunks:
        whole.update(chunk)
    return whole.hexdigest()


def totals_by_kind(account: CreditAccount, *, since: datetime, until: datetime) -> list[KindTotal]:
    """What came and what went in a period, by kind of entry."""
    sums: dict[str, dict[str, int]] = {}
    for side in entries.SIDES:
        moved = LedgerEntry.objects.filter(
            **{side: account}, created_at__gte=since, created_at__lt=until
        )
        for kind, total in (
            moved.order_by()
            .values("kind")
            .annotate(total=Sum("amount"))
            .values_list("kind", "total")
        ):
            sums.setdefault(kind, {})[side] = int(total)
    return [
        KindTotal(kind_label(kind), by_side.get("credit", 0), by_side.get("debit", 0))
        for kind, by_side in sorted(sums.items())
    ]


def kind_label(kind: str) -> str:
    """The kind in words; one that this version does not know is still shown."""
    return str(EntryKind(kind).label) if kind in EntryKind.values else kind.capitalize()


def escape(text: str) -> str:
    """Text for a cell, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _rows(
    account: CreditAccount, since: datetime, until: datetime, *, user: User | None, where: Q | None
) -> Iterator[tuple[Record, int, int | None]]:
    """Each wanted entry with what it moved and what was then left."""
    found = entries.in_period(account, since=since, until=until)
    mine = found.filter(hold__request__user=user) if user else found
    balance = None if user else entries.balance_at(account, since)
    for record in _records(mine, where or Q()):
        signed = record.amount if record.credit == account.pk else -record.amount
        balance = None if balance is None else balance + signed
        if record.wanted:
            yield record, signed, balance


def _records(found: QuerySet[LedgerEntry], where: Q) -> Iterator[Record]:
    wanted = Case(When(where, then=Value(True)), default=Value(False)) if where else Value(True)
    rows = found.annotate(wanted=wanted).values_list(
        "pk",
        "created_at",
        "effective_at",
        "kind",
        "hold__request__user__email",
        "actor__email",
        "hold__request__token__name",
        "hold__request__pk",
        "hold__request__model",
        "hold__request__price_version",
        "hold__request__markup",
        "credit",
        "amount",
        "reason",
        "wanted",
    )
    return (Record(*row) for row in rows.iterator(chunk_size=entries.AT_ONCE))


def _cells(record: Record, signed: int, balance: int | None, notes: Notes) -> Sequence[object]:
    return (
        record.id,
        _moment(record.created_at),
        _moment(record.effective_at),
        escape(record.kind),
        escape(record.asked_by or record.done_by or ""),
        escape(record.token or ""),
        record.request or "",
        escape(record.model or ""),
        notes.of(record.price_version, record.markup) if record.request else "",
        plain_credits(signed),
        "" if balance is None else plain_credits(balance),
        escape(record.reason),
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _take(out: io.StringIO) -> bytes:
    chunk = out.getvalue().encode()
    out.seek(0)
    out.truncate()
    return chunk
