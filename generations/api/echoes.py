"""What every answer of the API carries in its headers."""

import re
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

LEGAL_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
AGAIN_SECONDS = "2"


def echo(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The client's own id of its call, and whether to call again."""
    sent = request.headers.get("X-Client-Request-Id", "")
    if LEGAL_ID.fullmatch(sent):
        response["X-Client-Request-Id"] = sent
    response.setdefault("Cache-Control", "no-store")
    if response.status_code == HTTPStatus.ACCEPTED:
        response["Retry-After"] = AGAIN_SECONDS
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        # OpenAI's client sends again by itself, and what failed here was tried often enough.
        response["X-Should-Retry"] = "false"
    return response
