"""For tests, not for clients: the book, what shall go wrong, and what shall cost how much.

From this machine only.
"""

import ipaddress
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generations.sandbox.book import as_json
from generations.sandbox.state import sandbox_of

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


def local_only(endpoint: Endpoint) -> Endpoint:
    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        if request.client is None or not _is_loopback(request.client.host):
            return JSONResponse({"message": "Only from the machine the sandbox runs on."}, 403)
        return await endpoint(request)

    return guarded


@local_only
async def show_book(request: Request) -> Response:
    book = sandbox_of(request).book
    return JSONResponse(
        {
            "calls": [as_json(call) for call in book.calls],
            "credits": sum(call.credits for call in book.calls),
            "open": book.open,
            "peak": book.peak,
        }
    )


@local_only
async def add_faults(request: Request) -> Response:
    try:
        sandbox_of(request).faults.add(await request.json())
    except ValueError as error:  # a RuleError, or a body that is no JSON
        return JSONResponse({"message": str(error)}, 400)
    return Response(status_code=204)


@local_only
async def clear_faults(request: Request) -> Response:
    sandbox_of(request).faults.clear()
    return Response(status_code=204)


@local_only
async def change_prices(request: Request) -> Response:
    try:
        sandbox_of(request).prices.say(await request.json())
    except ValueError as error:
        return JSONResponse({"message": str(error)}, 400)
    return Response(status_code=204)


@local_only
async def clear_prices(request: Request) -> Response:
    sandbox_of(request).prices.forget()
    return Response(status_code=204)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
