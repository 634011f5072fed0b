"""What the vendor tells a key about itself: its parameters, balance and charges."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generations.parameters import Json
from generations.sandbox.book import Call
from generations.sandbox.problems import stamp
from generations.sandbox.queries import choices, integer, moment, refused
from generations.sandbox.shapes import CREDITS_PER_USD
from generations.sandbox.state import bearer_key, is_broke, own_prefix, sandbox_of

STARTING_BALANCE_USD = 1000
TYPES = {"PAYMENT", "BONUS", "REFUND", "ADJUSTMENT", "MODEL_USAGE", "CREDITS_EXPIRED", "INIT"}
EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


async def key(request: Request) -> Response:
    prefix = own_prefix(request)
    since = stamp(sandbox_of(request).started_at)
    fields = {
        "name": "sandbox",
        "disabled": False,
        "prefix": prefix,
        "scopes": ["model:image"],
        "limit": None,
        "created_at": since,
        "updated_at": since,
        "monthly_usage": sandbox_of(request).book.spent(prefix) / CREDITS_PER_USD,
    }
    return JSONResponse({"data": fields})


async def billing(request: Request) -> Response:
    spent = sandbox_of(request).book.spent(own_prefix(request)) / CREDITS_PER_USD
    balance = 0.0 if is_broke(bearer_key(request)) else STARTING_BALANCE_USD - spent
    return JSONResponse({"current_balance": balance, "currency": "USD"})


async def transactions(request: Request) -> Response:
    """Charges only: nobody ever tops up the sandbox."""
    charges = _charges(sandbox_of(request).book.log(own_prefix(request)), request.query_params)
    limit = integer(request.query_params, "limit", default=50, low=1, high=100)
    start = _position(charges, request.query_params.get("cursor"))
    page = charges[start : start + limit]
    has_more = start + len(page) < len(charges)
    pagination: dict[str, Json] = {
        "next_cursor": _cursor(page[-1]) if has_more else None,
        "has_more": has_more,
    }
    return JSONResponse({"data": [_entry(call) for call in page], "pagination": pagination})


def _charges(calls: Sequence[Call], params: QueryParams) -> list[Call]:
    since, until = moment(params, "from") or EARLIEST, moment(params, "to") or LATEST
    if until <= since:
        raise refused("to", "Expected a time later than from")
    directions = choices(params, "direction", {"TOPUP", "CHARGE"})
    if "CHARGE" not in directions or "MODEL_USAGE" not in choices(params, "type", TYPES):
        return []
    return [call for call in calls if call.credits and since <= _charged_at(call) < until]


def _charged_at(call: Call) -> datetime:
    return call.ended_at or call.received_at


def _position(charges: Sequence[Call], cursor: str | None) -> int:
    """Just after the entry that the cursor names."""
    if cursor is None:
        return 0
    for index, call in enumerate(charges):
        if _cursor(call) == cursor:
            return index + 1
    raise refused("cursor", "Expected a cursor from a previous response")


def _cursor(call: Call) -> str:
    return base64.urlsafe_b64encode(call.inference_id.encode()).decode()


def _entry(call: Call) -> dict[str, Json]:
    return {
        "created_at": stamp(_charged_at(call)),
        "direction": "CHARGE",
        "type": "MODEL_USAGE",
        "amount": {"usd": call.credits / CREDITS_PER_USD, "credits": call.credits},
        "model": call.model,
        "reference_id": call.inference_id,
    }
