"""Reads GET /v1/models/billing-events: fal's charge for each request, in nano-USD by itself.

The events are the account's. Asked to, fal says by which of its keys each was made, by the name
that the key has there: https://fal.ai/docs/platform-apis/v1/models/billing-events
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from generations.providers.answers import NANO_USD_PER_USD, scaled
from generations.providers.base import Charge, RawAnswer
from generations.providers.decoding import decode, mapping, string
from generations.providers.errors import UnreadableAnswer
from generations.providers.usage_log import read_time, timestamp

ROWS_PER_PAGE = 1000
MAX_PAGES = 200
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Page:
    charges: tuple[Charge, ...]
    next_cursor: str  # empty on the last page


def query(*, since: datetime, until: datetime, cursor: str) -> dict[str, str | int]:
    place = {"cursor": cursor} if cursor else {}
    return {
        "start": timestamp(since),
        "end": timestamp(until),
        "limit": ROWS_PER_PAGE,
        "expand": "auth_method",
        **place,
    }


def read_page(raw: RawAnswer) -> Page:
    """One page of charges. Raises UnreadableAnswer if one could hide in it unread."""
    try:
        document = mapping(decode(raw.body))
    except ValueError:
        document = {}
    rows = document.get("billing_events")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableAnswer("fal's charges are not in the documented form", raw=raw)
    more = document.get("has_more")
    cursor = "" if more is False else string(document.get("next_cursor"))
    if more is True and not cursor:
        raise UnreadableAnswer("fal promises more charges and not where", raw=raw)
    return Page(tuple(_read_charge(row, raw) for row in rows), cursor)


def _read_charge(row: Mapping[str, object], raw: RawAnswer) -> Charge:
    amount = scaled(row.get("cost_estimate_nano_usd"), 1)
    if amount is None:
        amount = scaled(row.get("cost_total"), NANO_USD_PER_USD)
    at = read_time(string(row.get("timestamp")))
    if amount is None or at is None:
        raise UnreadableAnswer("fal lists a charge without amount or time", raw=raw)
    key_name = string(row.get("auth_method"))[:LONGEST_NAME]
    return Charge(string(row.get("request_id")), amount, at, key_name)
