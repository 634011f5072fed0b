"""GET /v2/logs: where a client learns what became of a call whose answer it never saw."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generations.catalog import ALIASES
from generations.parameters import Json
from generations.sandbox.book import Call, Status
from generations.sandbox.faults import Fault
from generations.sandbox.problems import Problem, stamp
from generations.sandbox.queries import choices, integer, moment, refused
from generations.sandbox.shapes import CREDITS_PER_USD
from generations.sandbox.state import own_prefix, sandbox_of

PERIOD = re.compile(r"([1-9]\d{0,3})([hd])", re.ASCII)
LONGEST_WINDOW = timedelta(days=92)
MOST_MODELS = 50


async def logs(request: Request) -> Response:
    prefix = own_prefix(request)
    rule = sandbox_of(request).faults.at_logs()
    if rule.fault is Fault.LOGS_STATUS:
        raise Problem(status=rule.status, headers=rule.headers)
    params = request.query_params
    if params.get("key_prefix", prefix) != prefix:
        raise Problem(status=403, message="A management key is required to list another key.")
    calls = _matching(sandbox_of(request).book.log(prefix), params)
    limit = integer(params, "limit", default=50, low=1, high=100)
    offset = integer(params, "offset", default=0, low=0, high=None)
    page = calls[offset : offset + limit]
    pagination: dict[str, Json] = {
        "limit": limit,
        "offset": offset,
        "total": len(calls),
        "has_more": offset + len(page) < len(calls),
    }
    return JSONResponse({"data": [_row(call) for call in page], "pagination": pagination})


def _matching(calls: Sequence[Call], params: QueryParams) -> list[Call]:
    start, end = _window(params)
    statuses = choices(params, "status", {Status.SUCCEEDED, Status.FAILED})
    models = params.getlist("model")
    if len(models) > MOST_MODELS:
        raise refused("model", f"Expected at most {MOST_MODELS} models")
    wanted = {ALIASES.get(name, name) for name in models}
    return [
        call
        for call in calls
        if start <= call.received_at <= end
        and call.status in statuses
        and (not wanted or ALIASES.get(call.model or "", call.model) in wanted)
    ]


def _window(params: QueryParams) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    start, end = moment(params, "start"), moment(params, "end")
    if "period" in params:
        if start or end:
            raise refused("period", "Provide either period or both start and end")
        return now - _period(params["period"]), now
    if start is None and end is None:
        return now - LONGEST_WINDOW, now
    if start is None or end is None or end < start or end - start > LONGEST_WINDOW:
        raise refused("start", "Provide both start and end, in order, at most 92 days apart")
    return start, end


def _period(text: str) -> timedelta:
    parts = PERIOD.fullmatch(text)
    if not parts:
        raise refused("period", "Expected a number followed by h or d")
    hours = int(parts[1]) * (24 if parts[2] == "d" else 1)
    if hours > LONGEST_WINDOW.days * 24:
        raise refused("period", "Expected at most 92 days")
    return timedelta(hours=hours)


def _row(call: Call) -> dict[str, Json]:
    return {
        "created": stamp(call.received_at),
        "status": call.status,
        "origin": "api",
        "model": call.model or "",
        "cost": {"usd": call.credits / CREDITS_PER_USD, "credits": call.credits},
        "tokens": {"input": 0, "output": 0, "total": 0},
        "request_id": call.request_id,
        "inference_id": call.inference_id,
        "client_request_id": call.client_request_id,
    }
