"""Puts large reference images into fal's storage; small ones travel in the request itself."""

import base64
import binascii
import json
import re
from collections.abc import Mapping

import httpx

from generations.providers import keeping
from generations.providers.base import RawAnswer
from generations.providers.decoding import decode, mapping, string
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.providers.fal_calls import Caller, authorization
from generations.providers.guard import AllowedHosts, Destination, DisallowedError
from generations.providers.redaction import Redactor

# A data URI is read by every model, but slows its queue down.
LARGEST_INSIDE = 1_000_000
UPLOAD_DEADLINE = 60.0
NAMES = ("image_url", "image_urls")
STORES = ("fal.media", "fal.ai", "fal.run", "googleapis.com")
_DATA_URI = re.compile(r"data:(image/[a-z]{3,4});base64,", re.ASCII)


class Uploader:
    def __init__(self, caller: Caller, *, base_url: str, key: str) -> None:
        self._caller = caller
        self._key = key
        self._base_url = keeping.base_url(base_url)
        self._stores = AllowedHosts((*STORES, keeping.host(base_url)))

    def with_addresses(self, payload: Mapping[str, object]) -> dict[str, object]:
        """The payload with each large picture in fal's storage. Raises ProviderError."""
        return {
            name: self._replaced(value) if name in NAMES else value
            for name, value in payload.items()
        }

    def _replaced(self, value: object) -> object:
        if isinstance(value, list):
            return [self._replaced(one) for one in value]
        if not isinstance(value, str) or len(value) <= LARGEST_INSIDE:
            return value
        found = _DATA_URI.match(value)
        try:
            data = base64.b64decode(value[found.end() :], validate=True) if found else b""
        except binascii.Error:
            data = b""
        return self._upload(data, found[1]) if found and data else value

    def _upload(self, data: bytes, content_type: str) -> str:
        name = f"reference.{content_type.partition('/')[2]}"
        asking = httpx.Request(
            "POST",
            f"{self._base_url}/storage/upload/initiate",
            params={"storage_type": "fal-cdn-v3"},
            headers={**authorization(self._key), "Content-Type": "application/json"},
            content=json.dumps({"content_type": content_type, "file_name": name}),
        )
        where, lies_at = self._places(self._send(asking))
        headers = {"Content-Type": content_type}
        putting = httpx.Request("PUT", where.url, headers=headers, content=data)
        self._send(putting, stranger=where)
        return str(lies_at.url)

    def _send(self, request: httpx.Request, *, stranger: Destination | None = None) -> RawAnswer:
        """A call before the paid one, so that whatever fails, nothing ran."""
        redactor = Redactor(key=self._key)
        try:
            call, raw = self._caller.exchange(
                request, redactor=redactor, deadline=UPLOAD_DEADLINE, stranger=stranger
            )
        except DisallowedError:
            raise _nowhere_to_put() from None
        error = self._caller.verdict(call, raw, redactor)
        if error and error.outcome is Outcome.UNKNOWN:
            error.outcome = Outcome.NOT_RUN
        if error:
            raise error
        return raw

    def _places(self, raw: RawAnswer) -> tuple[Destination, Destination]:
        """Where to put a file, and where it lies then."""
        try:
            document = mapping(decode(raw.body))
            upload, file = (string(document.get(name)) for name in ("upload_url", "file_url"))
            return self._stores.judge(upload), self._stores.judge(file)
        except (ValueError, DisallowedError):
            raise _nowhere_to_put(raw) from None


def _nowhere_to_put(raw: RawAnswer | None = None) -> ProviderError:
    return ProviderError(
        "fal's storage did not say where to put a reference image",
        outcome=Outcome.NOT_RUN,
        kind=ErrorKind.UNAVAILABLE,
        raw=raw,
    )
