"""What a provider says it took in a time: its log, and its list of charges beside it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from generations.providers.base import Charge, LogEntry
from generations.services import providers

# Our clock and theirs differ, and money moves after the request that it is for.
MARGIN = timedelta(minutes=15)
LONGEST_ID = 120


@dataclass(frozen=True, slots=True)
class Billed:
    """A line of the bill: what was taken for an inference, once more, or given back (below zero).

    `logged` is what the log says and `transacted` what the list of charges has, None where it is
    silent and may speak yet. The first charge of an inference is told by its id alone; `further`
    names any other: a second charge, money that came back, or what has no inference.
    """

    inference_id: str
    client_request_id: str
    logged: int | None
    transacted: int | None
    at: datetime
    moved_at: datetime | None = None
    further: str = ""
    key_name: str = ""

    @property
    def nano_usd(self) -> int:
        """What was taken is what the list has; the log stands in for as long as it may lag."""
        return (self.logged or 0) if self.transacted is None else self.transacted

    @property
    def in_log(self) -> bool:
        return self.logged is not None

    @property
    def contradicts_itself(self) -> bool:
        return None not in (self.logged, self.transacted) and not agree(
            self.logged or 0, self.transacted or 0
        )


def agree(ours: int, theirs: int) -> bool:
    """Whether two amounts in nano-USD differ by no more than is put up with."""
    relative = theirs * settings.RECONCILE_TOLERANCE_PER_MILLE // 1000
    return abs(ours - theirs) <= max(settings.RECONCILE_TOLERANCE_NANO_USD, relative)


def read(provider: str, *, since: datetime, until: datetime) -> list[Billed]:
    """All that cost between the two, and a margin around it. Raises ProviderError."""
    client = providers.client(provider)
    # What was logged before midnight may be charged after: it belongs to the one day alone.
    logged = client.read_log(since=since - _patience(), until=until + MARGIN)
    entries = {one.inference_id: one for one in logged}
    charges: dict[str, list[Charge]] = defaultdict(list)
    for charge in client.read_charges(since=since - MARGIN, until=until + _patience()):
        charges[charge.inference_id].append(charge)
    unnamed = charges.pop("", [])
    named = [
        row
        for name in entries | charges
        for row in _lines(entries.get(name), charges.get(name, []))
    ]
    # Each charge without a name is one of its own.
    rows = (*named, *_further(sorted(unnamed, key=_in_order)))
    return [row for row in rows if row.logged or row.transacted]


def mark(at: datetime, nth: int = 1) -> str:
    """A name for a movement of money on an inference, the same whenever it is read."""
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    return when if nth == 1 else f"{when} {nth}"


def _lines(entry: LogEntry | None, charges: list[Charge]) -> Iterator[Billed]:
    """The inference's own line, then every further movement, the oldest first."""
    moved = sorted(charges, key=_in_order)
    first = next((one for one in moved if one.nano_usd >= 0), None)
    if entry:
        yield _logged(entry, first)
    elif first:
        yield _moved(first)
    yield from _further(one for one in moved if one is not first)


def _in_order(charge: Charge) -> tuple[datetime, int]:
    return charge.created_at, -charge.nano_usd


def _further(charges: Iterable[Charge]) -> Iterator[Billed]:
    seen: Counter[datetime] = Counter()
    for one in charges:
        seen[one.created_at] += 1
        yield _moved(one, further=mark(one.created_at, seen[one.created_at]))


def _logged(entry: LogEntry, charge: Charge | None) -> Billed:
    at = entry.created_at
    assert at is not None  # noqa: S101 - promised by `read_log`
    return Billed(
        inference_id=entry.inference_id[:LONGEST_ID],
        client_request_id=entry.client_request_id,
        logged=entry.cost_nano_usd,
        transacted=charge.nano_usd if charge else _nothing_by_now(at),
        at=at,
        moved_at=charge.created_at if charge else None,
        key_name=charge.key_name if charge else "",
    )


def _nothing_by_now(logged_at: datetime) -> int | None:
    """Zero once the charge of what was logged then should have been in the list."""
    return 0 if logged_at < timezone.now() - _patience() else None


def _patience() -> timedelta:
    """How long after its entry in the log a charge may still be made."""
    return timedelta(seconds=settings.PROVIDER_LOG_LAG) + MARGIN


def _moved(charge: Charge, *, further: str = "") -> Billed:
    """Of another key of the account, of a log entry that lands later, or a further movement."""
    return Billed(
        inference_id=charge.inference_id[:LONGEST_ID],
        client_request_id="",
        logged=None,
        transacted=charge.nano_usd,
        at=charge.created_at,
        moved_at=charge.created_at,
        further=further,
        key_name=charge.key_name,
    )
