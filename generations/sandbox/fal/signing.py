"""The keys that fal's webhooks are signed with."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from generations.parameters import Json


class Signer:
    """The keys of the moment; the newest signs."""

    def __init__(self) -> None:
        self._keys = [Ed25519PrivateKey.generate()]

    def rotate(self) -> None:
        self._keys = [Ed25519PrivateKey.generate()]

    def headers(self, body: bytes, *, request_id: str, owner: str, at: int) -> dict[str, str]:
        user = f"sandbox|{owner}"
        digest = hashlib.sha256(body).hexdigest()
        signed = "\n".join((request_id, user, str(at), digest)).encode()
        return {
            "content-type": "application/json",
            "x-fal-webhook-request-id": request_id,
            "x-fal-webhook-user-id": user,
            "x-fal-webhook-timestamp": str(at),
            "x-fal-webhook-signature": self._keys[-1].sign(signed).hex(),
        }

    def jwks(self) -> dict[str, Json]:
        """With the padding that fal's own list has, and the standard has not."""
        raw = [key.public_key().public_bytes_raw() for key in self._keys]
        keys: list[Json] = [
            {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(one).decode()}
            for one in raw
        ]
        return {"keys": keys}
