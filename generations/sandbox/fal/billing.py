"""fal's platform API: what a unit of a model costs, and what each request took."""

import base64
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generations.catalog import MODELS, get_model
from generations.parameters import Json
from generations.sandbox.book import FAL, KEY_PREFIX, Call
from generations.sandbox.fal.problems import FalProblem, own_key
from generations.sandbox.faults import Fault
from generations.sandbox.problems import Problem, stamp
from generations.sandbox.queries import integer, moment
from generations.sandbox.state import sandbox_of

NANO_USD_PER_CREDIT = 500
NANO = 10**9
MOST = 10_000
EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


async def pricing(request: Request) -> Response:
    """What a unit of each named model costs; one that is not there is left out."""
    own_key(request)
    prices = sandbox_of(request).prices
    names = request.query_params.get("endpoint_id", "").split(",")
    wanted = [MODELS[name] for name in names if name in MODELS]
    rows: list[Json] = [
        {
            "endpoint_id": model.id,
            "unit_price": prices.of(model).nano_usd / NANO,
            "unit": f"{prices.of(model).unit}s",
            "currency": "USD",
        }
        for model in wanted
        if model.provider == FAL and prices.offers(model)
    ]
    return JSONResponse({"prices": rows, "next_cursor": None, "has_more": False})


async def events(request: Request) -> Response:
    """The charges of a time, the newest first; the end is not part of it."""
    prefix = own_key(request)[:KEY_PREFIX]
    rule = sandbox_of(request).faults.at_logs()
    if rule.fault is Fault.LOGS_STATUS:
        raise FalProblem(status=rule.status, detail="Unavailable", headers=rule.headers)
    params = request.query_params
    try:
        since, until = moment(params, "start") or EARLIEST, moment(params, "end") or LATEST
        limit = integer(params, "limit", default=50, low=1, high=MOST)
        start = int(base64.urlsafe_b64decode(params.get("cursor", "MA==")))
    except (Problem, ValueError) as error:
        raise FalProblem(status=400, detail="Invalid query", error_type="bad_request") from error
    charged = sandbox_of(request).book.log(prefix, provider=FAL)
    found = [call for call in charged if call.credits and since <= _at(call) < until]
    page, more = found[start : start + limit], start + limit < len(found)
    cursor = base64.urlsafe_b64encode(str(start + limit).encode()).decode() if more else None
    named = params.get("expand") == "auth_method"
    rows: list[Json] = [_event(call, named=named) for call in page]
    return JSONResponse({"billing_events": rows, "next_cursor": cursor, "has_more": more})


def _at(call: Call) -> datetime:
    return call.ended_at or call.received_at


def _event(call: Call, *, named: bool) -> dict[str, Json]:
    key: dict[str, Json] = {"auth_method": f"User Key: {call.key_prefix}"} if named else {}
    return {
        **key,
        "request_id": call.inference_id,
        "endpoint_id": call.model,
        "timestamp": stamp(_at(call)),
        "output_units": float(call.units or 0),
        "unit_price": get_model(call.model or "").price.nano_usd / NANO,
        "percent_discount": None,
        "cost_estimate_nano_usd": call.credits * NANO_USD_PER_CREDIT,
    }
