"""Reads GET /v2/logs. Absence decides that a paid request is sent again, so doubt is an error."""

from collections.abc import Iterator, Mapping, Set, Sized
from dataclasses import dataclass
from datetime import UTC, datetime

from generations.providers.answers import NANO_USD_PER_CREDIT, NANO_USD_PER_USD, scaled
from generations.providers.base import Found, LogEntry, RawAnswer
from generations.providers.decoding import decode, mapping, string
from generations.providers.errors import UnreadableAnswer

ROWS_PER_PAGE = 100
MAX_PAGES = 2000
_SUCCEEDED = {"succeeded": True, "failed": False}


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Mapping[str, object], ...]
    has_more: bool
    raw: RawAnswer

    def find(self, client_request_ids: Set[str]) -> Iterator[Found]:
        """What the page says of these ids, those it does not name left out."""
        named = [string(row.get("client_request_id")) for row in self.rows]
        for one in client_request_ids & dict.fromkeys(named).keys():
            try:
                yield one, self._entry(one)
            except UnreadableAnswer as error:
                yield one, error

    def _entry(self, client_request_id: str) -> LogEntry:
        """The row of this id; of several, one that succeeded: it is the one that cost."""
        rows = [row for row in self.rows if row.get("client_request_id") == client_request_id]
        entries = [_read_entry(row, self.raw) for row in rows]
        return max(entries, key=lambda entry: entry.succeeded)

    def entries(self) -> Iterator[LogEntry]:
        for row in self.rows:
            entry = _read_entry(row, self.raw)
            if not entry.inference_id or entry.created_at is None:
                raise UnreadableAnswer("The log has a row without id or time", raw=self.raw)
            yield entry


def query(*, since: datetime, until: datetime, offset: int) -> dict[str, str | int]:
    window = {"start": timestamp(since), "end": timestamp(until)}
    return {**window, "limit": ROWS_PER_PAGE, "offset": offset}


def read_page(raw: RawAnswer) -> Page:
    """One page of the log. Raises UnreadableAnswer if a row could hide in it unread."""
    try:
        document = mapping(decode(raw.body))
    except ValueError:
        document = {}
    rows = document.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableAnswer("The provider's log is not in the documented form", raw=raw)
    has_more = _has_more(document, rows)
    if has_more and not rows:
        raise UnreadableAnswer("The provider's log promises rows and gives none", raw=raw)
    return Page(tuple(rows), has_more, raw)


def _has_more(document: Mapping[str, object], rows: Sized) -> bool:
    stated = mapping(document.get("pagination")).get("has_more")
    return stated if isinstance(stated, bool) else len(rows) >= ROWS_PER_PAGE


def _read_entry(row: Mapping[str, object], raw: RawAnswer) -> LogEntry:
    status = string(row.get("status"))
    cost = read_amount(mapping(row.get("cost")))
    if status not in _SUCCEEDED or (_SUCCEEDED[status] and cost is None):
        raise UnreadableAnswer("The provider's log does not say yet how the request ended", raw=raw)
    return LogEntry(
        client_request_id=string(row.get("client_request_id")),
        inference_id=string(row.get("inference_id")),
        status=status,
        succeeded=_SUCCEEDED[status],
        cost_nano_usd=cost or 0,
        created_at=read_time(string(row.get("created"))),
    )


def read_amount(cost: Mapping[str, object]) -> int | None:
    """Nano-USD of an amount given in dollars and in the provider's credits."""
    nano_usd = scaled(cost.get("usd"), NANO_USD_PER_USD)
    return scaled(cost.get("credits"), NANO_USD_PER_CREDIT) if nano_usd is None else nano_usd


def read_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
