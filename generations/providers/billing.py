"""Reads GET /v2/billing/transactions: what left the account for inferences, and what came back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from generations.providers.base import Charge, RawAnswer
from generations.providers.decoding import decode, mapping, string
from generations.providers.errors import UnreadableAnswer
from generations.providers.usage_log import read_amount, read_time, timestamp

ROWS_PER_PAGE = 100
MAX_PAGES = 2000
_TAKEN, _BACK = "CHARGE", "TOPUP"
_USAGE, _REFUND = "MODEL_USAGE", "REFUND"


@dataclass(frozen=True, slots=True)
class Page:
    charges: tuple[Charge, ...]
    next_cursor: str  # empty on the last page


def query(*, since: datetime, until: datetime, cursor: str) -> dict[str, str | int]:
    window = {"from": timestamp(since), "to": timestamp(until)}
    place = {"cursor": cursor} if cursor else {}
    return {**window, "limit": ROWS_PER_PAGE, **place}


def read_page(raw: RawAnswer) -> Page:
    """One page of charges. Raises UnreadableAnswer if one could hide in it unread."""
    try:
        document = mapping(decode(raw.body))
    except ValueError:
        document = {}
    rows, pagination = document.get("data"), mapping(document.get("pagination"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableAnswer("The provider's charges are not in the documented form", raw=raw)
    has_more = pagination.get("has_more")
    cursor = "" if has_more is False else string(pagination.get("next_cursor"))
    if has_more is True and not cursor:
        raise UnreadableAnswer("The provider promises more charges and not where", raw=raw)
    return Page(tuple(_read_charge(row, raw) for row in rows if _is_of_an_inference(row)), cursor)


def _is_of_an_inference(row: Mapping[str, object]) -> bool:
    """A call, or money given back for one; top-ups and what else moves the balance are not."""
    kind, direction = row.get("type"), row.get("direction")
    if kind == _USAGE:
        return direction in {_TAKEN, _BACK}
    # A refund that goes out, or names nothing, is of a payment.
    return kind == _REFUND and direction == _BACK and bool(row.get("reference_id"))


def _read_charge(row: Mapping[str, object], raw: RawAnswer) -> Charge:
    amount = read_amount(mapping(row.get("amount")))
    created_at = read_time(string(row.get("created_at")))
    if amount is None or created_at is None:
        raise UnreadableAnswer("The provider lists a charge without amount or time", raw=raw)
    signed = amount if row.get("direction") == _TAKEN else -amount
    return Charge(string(row.get("reference_id")), signed, created_at)
