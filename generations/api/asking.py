"""From a body in OpenAI's or AIML API's words to what the service takes."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from accounts.models import ApiToken
from generations import catalog
from generations.api.access import TokenRequest
from generations.api.schemas import Ask
from generations.errors import InvalidRequest
from generations.models import Visibility

LONGEST_KEY = 255
# The first is the parameter; errors come under any of them.
OUR_NAMES = {"n": ("num_images",), "size": ("image_size", "width", "height")}
WAIT = re.compile(r"\bwait\s*=\s*([0-9]{1,4})\b", re.ASCII)


def wish(request: TokenRequest, ask: Ask) -> dict[str, Any]:
    """What both an estimate and a request need to know. Raises InvalidRequest."""
    return {
        "by": request.auth.user,
        "team": request.auth.team,
        "token": request.auth,
        "model_id": ask.model,
        "prompt": ask.prompt,
        "params": _params(ask),
    }


def visibility(ask: Ask) -> Visibility:
    return Visibility(ask.visibility)


def key(token: ApiToken, header: str | None) -> UUID | None:
    """The request's own key for any text a client chose. Two tokens do not share keys."""
    if header is None:
        return None
    if not 1 <= len(header) <= LONGEST_KEY:
        raise InvalidRequest({"Idempotency-Key": f"It has 1 to {LONGEST_KEY} characters."})
    return uuid5(token.pk, header)


def seconds_to_wait(prefer: str, *, most: float) -> float:
    """How long the client wants to wait (RFC 7240), within what we let it."""
    if "respond-async" in prefer:
        return 0
    asked = WAIT.search(prefer)
    return min(float(asked[1]), most) if asked else most


def in_their_words(ask: Ask, errors: Mapping[str, str]) -> dict[str, str]:
    """Errors under the names that were sent."""
    said = [name for name in OUR_NAMES if getattr(ask, name) is not None]
    sent = {ours: name for name in said for ours in OUR_NAMES[name]}
    return {sent.get(field, field): words for field, words in errors.items()}


def _params(ask: Ask) -> dict[str, object]:
    params: dict[str, object] = dict(ask.model_extra or {})
    for name, value in _openais(ask).items():
        ours = OUR_NAMES[name][0]
        if ours in params:
            raise InvalidRequest({name: f"Say {name} or {ours}, not both."})
        params[ours] = value
    return params


def _openais(ask: Ask) -> dict[str, object]:
    """OpenAI's parameters as far as they say anything: its clients send some unasked."""
    values: dict[str, object] = {}
    if ask.n is not None and not (ask.n == 1 and _makes_one(ask.model)):
        values["n"] = ask.n
    if ask.size is not None and ask.size != "auto":
        values["size"] = ask.size
    return values


def _makes_one(model: str) -> bool:
    try:
        return "num_images" not in catalog.get_model(model).parameters
    except catalog.UnknownModel:
        return False
