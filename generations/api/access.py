"""Who may: a token in the Authorization header, or an address that this API signed.

Cookies are not looked at, so there is no session to forge and nothing for a browser to send along.
"""

from uuid import UUID

from asgiref.sync import sync_to_async
from django.core import signing
from django.http import HttpRequest
from ninja.security import APIKeyQuery, HttpBearer

from accounts.errors import TokenUnusable
from accounts.models import ApiToken
from accounts.services import tokens

ADDRESS_SECONDS = 3600
_SALT = "generations.api.file"


class TokenRequest(HttpRequest):
    auth: ApiToken


class Bearer(HttpBearer):
    async def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        return await sync_to_async(tokens.authenticate)(token.strip())


class SignedAddress(APIKeyQuery):
    """Opens one image for an hour, for programs that fetch results without a header.

    A token that was revoked meanwhile closes the addresses that it was given.
    """

    param_name = "signed"

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiToken | None:
        if key is None or request.resolver_match is None:
            return None
        try:
            image, token = signing.loads(key, salt=_SALT, max_age=ADDRESS_SECONDS)
        except signing.BadSignature as error:
            raise TokenUnusable("This address is not whole, or older than an hour.") from error
        if image != str(request.resolver_match.kwargs["image_id"]):
            raise TokenUnusable("This address was signed for another image.")
        return tokens.still_usable(UUID(token))


def sign(*, image_id: UUID, token: ApiToken) -> str:
    return signing.dumps([str(image_id), str(token.pk)], salt=_SALT)
