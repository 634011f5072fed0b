"""The sandbox: AIML API's and fal's wire protocols over pictures of its own.

For a first try without a key, and for tests.
"""

import uuid
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from generations.sandbox import account, control, files, generation, listing, logs
from generations.sandbox.book import Book
from generations.sandbox.fal import routes as fal
from generations.sandbox.fal.problems import FalProblem, refuse
from generations.sandbox.problems import Problem
from generations.sandbox.state import Sandbox

ROUTES = [
    Route("/v1/images/generations", generation.generate, methods=["POST"]),
    Route("/images/generations", generation.generate, methods=["POST"]),
    Route("/v1/models", listing.models),
    Route("/models", listing.models),
    Route("/v1/key", account.key),
    Route("/v2/billing", account.billing),
    Route("/v2/billing/transactions", account.transactions),
    Route("/v2/logs", logs.logs),
    Route("/files/{name}", files.serve),
    Route("/_sandbox/book", control.show_book),
    Route("/_sandbox/faults", control.add_faults, methods=["POST"]),
    Route("/_sandbox/faults", control.clear_faults, methods=["DELETE"]),
    Route("/_sandbox/prices", control.change_prices, methods=["POST"]),
    Route("/_sandbox/prices", control.clear_prices, methods=["DELETE"]),
    *fal.ROUTES,
]


def create_app(book_path: Path | None, delay: float, *, log_lag: float = 0.0) -> Starlette:
    """The app over a book kept in a file, or in memory; `delay` is how long a picture takes."""
    app = Starlette(
        routes=ROUTES,
        exception_handlers={Problem: _refuse, FalProblem: refuse, ClientDisconnect: _hung_up},
    )
    app.state.sandbox = Sandbox(book=Book(book_path, log_lag=log_lag), delay=delay)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - as registered above
    return error.response(path=request.url.path, request_id=uuid.uuid4().hex)


async def _hung_up(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # read by nobody
