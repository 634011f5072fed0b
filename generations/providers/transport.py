"""One call, one client, one connection: the only module that speaks httpx to a server."""

import functools
import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpcore
import httpx

from generations.providers.wire import Wire

# httpx logs every address at INFO, httpcore every answer's headers at DEBUG. An address may be
# signed and a header may echo the key, however the application sets up its logging.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

TROUBLE = (
    OSError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpx.HTTPError,
    httpx.InvalidURL,
)
_HEADERS = {"User-Agent": "Darkroom", "Connection": "close", "Accept-Encoding": "identity"}


class TooMuchError(OSError):
    """The body goes on past what we are willing to hold."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call as far as it went: `status_code` 0 when no answer began, `trouble` when it broke."""

    status_code: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    sent: bool
    trouble: str = field(repr=False)
    timed_out: bool
    duration: float

    @property
    def is_success(self) -> bool:
        return httpx.codes.is_success(self.status_code)


def exchange(request: httpx.Request, *, wire: Wire, max_bytes: int) -> Exchange:
    """Make the call and report it; a broken wire is part of the report, not an exception."""
    started = time.monotonic()
    status_code, headers, body = 0, httpx.Headers(), bytearray()
    trouble, timed_out = "", False
    try:
        with open_stream(request, wire=wire) as response:
            status_code, headers = response.status_code, response.headers
            for piece in pieces(response, max_bytes=max_bytes):
                body += piece
    except TROUBLE as error:
        trouble = str(error) or type(error).__name__
        timed_out = isinstance(error, TimeoutError)
    duration = time.monotonic() - started
    return Exchange(status_code, headers, bytes(body), wire.sent, trouble, timed_out, duration)


@contextmanager
def open_stream(request: httpx.Request, *, wire: Wire) -> Iterator[httpx.Response]:
    """Send the request; the answer's body is still to be read. Raises what TROUBLE lists."""
    for name, value in _HEADERS.items():
        request.headers.setdefault(name, value)
    no_limit = httpx.Timeout(None)  # the wire keeps the time
    # A client for each call (20 µs): httpcore's pool lock is not reentrant, and a half-read stream
    # collected as garbage takes it again, so no two calls may ever meet in one pool.
    with httpx.Client(transport=_Transport(wire), trust_env=False, timeout=no_limit) as client:
        response = client.send(request, stream=True, follow_redirects=False)
        try:
            yield response
        finally:
            response.close()


def pieces(response: httpx.Response, *, max_bytes: int) -> Iterator[bytes]:
    """The body as it comes. Raises TooMuchError past the limit, whatever the length announced."""
    total = 0
    for piece in response.iter_bytes():
        total += len(piece)
        if total > max_bytes:
            raise TooMuchError(f"the answer is larger than {max_bytes} bytes")
        yield piece


@functools.cache
def ssl_context() -> ssl.SSLContext:
    # Shared by all calls: reading the certificates costs 20 ms and a megabyte.
    return httpx.create_ssl_context()


class _Transport(httpx.BaseTransport):
    # httpx's stock transport has no place for sockets of our own.

    def __init__(self, wire: Wire) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context(),
            max_connections=1,
            max_keepalive_connections=0,
            http2=False,  # one GOAWAY would end every paid call at once
            retries=0,
            network_backend=wire,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=request.stream
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
