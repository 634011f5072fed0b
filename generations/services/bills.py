"""What a provider says it took in a time: its log, completed by its list of charges."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from generations.providers.base import Charge, LogEntry
from generations.services import providers

# Our clock and theirs differ, and money moves after the request that it is for.
MARGIN = timedelta(minutes=15)
LONGEST_ID = 120


@dataclass(frozen=True, slots=True)
class Billed:
    """One inference that cost; `transacted` is what the list of charges has for it."""

    inference_id: str
    client_request_id: str
    nano_usd: int
    transacted: int
    at: datetime
    in_log: bool


def read(provider: str, *, since: datetime, until: datetime) -> list[Billed]:
    """All that cost between the two, and a margin around it. Raises ProviderError."""
    client = providers.client(provider)
    since, until = since - MARGIN, until + MARGIN
    entries = {one.inference_id: one for one in client.read_log(since=since, until=until)}
    charges = list(client.read_charges(since=since, until=until))
    transacted: dict[str, int] = defaultdict(int)
    for charge in charges:
        transacted[charge.inference_id] += charge.nano_usd
    logged = [_logged(entry, transacted[entry.inference_id]) for entry in entries.values()]
    other = [_only_charged(charge) for charge in charges if charge.inference_id not in entries]
    return [row for row in (*logged, *other) if row.nano_usd]


def _logged(entry: LogEntry, transacted: int) -> Billed:
    assert entry.created_at is not None  # noqa: S101 - promised by `read_log`
    return Billed(
        inference_id=entry.inference_id[:LONGEST_ID],
        client_request_id=entry.client_request_id,
        nano_usd=entry.cost_nano_usd or transacted,
        transacted=transacted,
        at=entry.created_at,
        in_log=True,
    )


def _only_charged(charge: Charge) -> Billed:
    """Of another key of the account, or one whose log entry lands later than its charge."""
    amount = charge.nano_usd
    return Billed(charge.inference_id[:LONGEST_ID], "", amount, amount, charge.created_at, False)
