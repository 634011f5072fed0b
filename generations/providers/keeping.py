"""How a request is written, what is worth keeping of a call, and what a base URL must look like."""

import json
from collections.abc import Iterable, Mapping

import httpx

from generations.providers.base import RawAnswer
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.providers.redaction import Redactor
from generations.providers.transport import Exchange

_LONGEST_HEADER = 200
_LONGEST_FAILURE = 64_000
_PORTS = {"http": 80, "https": 443}


def keep(call: Exchange, redactor: Redactor, *, headers: Iterable[str]) -> RawAnswer:
    """The call without the key; a whole 2xx is kept to the letter."""
    body = call.body.decode("utf-8", "replace").replace("\0", "\ufffd")  # PostgreSQL takes no NUL
    if call.trouble or not call.is_success:
        body = redactor.without_key(body[:_LONGEST_FAILURE])
    kept = {
        name: redactor.without_key(call.headers[name][:_LONGEST_HEADER])
        for name in headers
        if name in call.headers
    }
    return RawAnswer(call.status_code, kept, body, call.duration)


def body(document: Mapping[str, object]) -> str:
    """A request as it is sent. Raises ProviderError: what is no JSON never left."""
    try:
        return json.dumps(document, allow_nan=False)
    except (TypeError, ValueError):
        raise ProviderError(
            "The request holds a value that JSON cannot say",
            outcome=Outcome.REJECTED,
            kind=ErrorKind.INVALID,
        ) from None


def base_url(text: str) -> str:
    """Checked at the start, so that no request has to fail for a misspelt setting."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        raise ValueError("the provider's base URL is not of the form https://host[:port]")
    return text.rstrip("/")


def host(text: str) -> str:
    """The server of a base URL, in the form that permits exactly it: see guard.py."""
    url = httpx.URL(base_url(text))
    name = f"[{url.host}]" if ":" in url.host else url.host
    return f"{name}:{url.port or _PORTS[url.scheme]}"
