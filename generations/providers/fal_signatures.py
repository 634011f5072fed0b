"""Is a webhook fal's? ED25519 over the raw body, by any key of fal's list, lately.

Every customer of fal's can have it sign: who a webhook is for is told by its own address.
"""

import base64
import binascii
import hashlib
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from generations.providers.decoding import decode, mapping, sequence, string

LEEWAY_SECONDS = 300
KEPT_SECONDS = 24 * 3600.0
# An unknown signature has the list fetched anew, so forgers must not set the pace.
PAUSE_SECONDS = 60.0
KEY_BYTES = 32
SIGNATURE_BYTES = 64
_PREFIX = "x-fal-webhook-"
_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)


class BadSignature(Exception):
    """Not from fal, or not from now; the text says which and holds nothing of the message."""


class KeysUnavailable(Exception):
    """Nobody can tell yet whether it is fal's: the list of keys could not be read."""


@dataclass(frozen=True, slots=True)
class Signed:
    """The headers of a webhook; raises BadSignature where one is missing or malformed."""

    request_id: str
    user_id: str
    timestamp: int
    signature: bytes = field(repr=False)

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> "Signed":
        """From headers with names in lower case."""
        parts = [
            headers.get(_PREFIX + name, "")
            for name in ("request-id", "user-id", "timestamp", "signature")
        ]
        request_id, user_id, timestamp, signature = parts
        if not all(parts) or not _TIMESTAMP.fullmatch(timestamp):
            raise BadSignature("The webhook is not signed")
        try:
            raw = bytes.fromhex(signature)
        except ValueError:
            raise BadSignature("The webhook's signature is malformed") from None
        if len(raw) != SIGNATURE_BYTES:
            raise BadSignature("The webhook's signature is malformed")
        return cls(request_id, user_id, int(timestamp), raw)

    def message(self, body: bytes) -> bytes:
        digest = hashlib.sha256(body).hexdigest()
        parts = (self.request_id, self.user_id, str(self.timestamp), digest)
        return "\n".join(parts).encode("utf-8", "surrogatepass")


class Verifier:
    """Keeps the keys for a day and fetches them anew for a signature that none of them made."""

    def __init__(self, fetch: Callable[[], str], *, now: Callable[[], float] = time.time) -> None:
        """`fetch` returns the list's text, or raises KeysUnavailable."""
        self._fetch = fetch
        self._now = now
        self._keys: Sequence[Ed25519PublicKey] = ()
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def check(self, headers: Mapping[str, str], body: bytes) -> Signed:
        """Raises BadSignature, or KeysUnavailable when that cannot be told now."""
        signed = Signed.read(headers)
        if abs(self._now() - signed.timestamp) > LEEWAY_SECONDS:
            raise BadSignature("The webhook is too old, or from the future")
        message = signed.message(body)
        if self._is_fresh() and _is_by_one_of(self._keys, signed, message):
            return signed
        if not _is_by_one_of(self._refreshed(), signed, message):
            raise BadSignature("The webhook was signed by somebody else")
        return signed

    def _is_fresh(self) -> bool:
        return self._now() - self._read_at < KEPT_SECONDS

    def _refreshed(self) -> Sequence[Ed25519PublicKey]:
        with self._lock:
            if self._now() - self._tried_at >= PAUSE_SECONDS:
                self._tried_at = self._now()
                self._keys, self._read_at = read_keys(self._fetch()), self._now()
            elif self._tried_at > self._read_at:
                raise KeysUnavailable("fal's keys could not be read a moment ago")
        return self._keys


def read_keys(text: str) -> Sequence[Ed25519PublicKey]:
    """The keys of a JWKS, padded or not. Raises KeysUnavailable if there is none."""
    try:
        listed = sequence(mapping(decode(text)).get("keys"))
    except ValueError:
        listed = ()
    raw = [_unpadded(string(mapping(one).get("x"))) for one in listed]
    keys = [Ed25519PublicKey.from_public_bytes(one) for one in raw if len(one) == KEY_BYTES]
    if not keys:
        raise KeysUnavailable("fal's list of keys holds none that can be used")
    return keys


def _unpadded(text: str) -> bytes:
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_by_one_of(keys: Sequence[Ed25519PublicKey], signed: Signed, message: bytes) -> bool:
    return any(_is_by(key, signed, message) for key in keys)


def _is_by(key: Ed25519PublicKey, signed: Signed, message: bytes) -> bool:
    try:
        key.verify(signed.signature, message)
    except InvalidSignature:
        return False
    return True
