"""Ways to answer badly: connections cut, bytes that drip, bodies that do not end."""

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

TICK = 0.1
BLOCK = 64 * 1024


class CuttableProtocol(H11Protocol):
    """Hands the connection to the app as `state.connection`: ASGI has no word for cutting it."""

    def connection_made(  # type: ignore[override]  # narrowed as by uvicorn itself
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "connection": transport}


class Cut(Response):
    """Not a byte of an answer, or the first half of one; then the connection is gone."""

    def __init__(self, answer: Response | None = None) -> None:
        super().__init__()
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection: asyncio.Transport = scope["state"]["connection"]
        if self._answer is None:
            connection.abort()
        else:
            await _send_half(self._answer, send)
            connection.close()
        # Until the server has noticed, it would take our silence for an error and answer 500.
        while (await receive())["type"] != "http.disconnect":
            pass


async def _send_half(answer: Response, send: Send) -> None:
    start = {"type": "http.response.start", "status": answer.status_code}
    await send({**start, "headers": answer.raw_headers})
    half = answer.body[: len(answer.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})


def dripping(answer: Response, rate: float) -> Response:
    """The same answer at `rate` bytes per second."""
    step = max(1, round(rate * TICK))

    async def drops() -> AsyncIterator[bytes]:
        for start in range(0, len(answer.body), step):
            yield bytes(answer.body[start : start + step])
            await asyncio.sleep(step / rate)

    slow = StreamingResponse(drops(), answer.status_code)
    slow.raw_headers = answer.raw_headers
    return slow


def padded(content: bytes, *, size: int, declared: bool, media_type: str) -> Response:
    """The content, then zeros up to `size`, which the headers tell only if `declared`."""

    async def blocks() -> AsyncIterator[bytes]:
        yield content
        for start in range(len(content), size, BLOCK):
            yield bytes(min(BLOCK, size - start))

    headers = {"content-length": str(max(size, len(content)))} if declared else {}
    return StreamingResponse(blocks(), headers=headers, media_type=media_type)
