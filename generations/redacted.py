"""What staff see of a request, before and after they open what is private in it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from generations.models import Attempt, GenerationRequest
from generations.providers.redaction import HIDDEN, Redactor

# An answer may carry a whole picture, which is no use to read.
SHOWN_OF_AN_ANSWER = 4_000
SHOWN_OF_A_VALUE = 200
_DATA = re.compile(r"^data:[^,]{0,100},")
_ADDRESS = re.compile(r"(https?://[^/\s\"'<>]+)/[^\s\"'<>]*")


def parameters(request: GenerationRequest, *, opened: bool) -> str:
    """What was sent beside the prompt, as JSON; the bytes of reference images never."""
    params = request.params
    return _written(_shortened(params) if opened else _hidden(params, _redactor(request)))


def body(attempt: Attempt, *, opened: bool) -> str:
    """The provider's answer, shortened and without our keys."""
    if opened:
        return _cut(_without_keys(attempt.raw_body))
    redactor = _redactor(attempt.request)
    try:
        read = json.loads(attempt.raw_body)
    except (ValueError, RecursionError):
        return _text(attempt.raw_body, redactor)
    return _cut(_written(_hidden(read, redactor)))


def headers(attempt: Attempt) -> Mapping[str, str]:
    """Those that were kept of its answer: ids, cost, type, when to come again."""
    return {name: _without_keys(str(value)) for name, value in attempt.raw_headers.items()}


def _hidden(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, dict):
        return {
            name: HIDDEN if name == "prompt" else _hidden(one, redactor)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_hidden(one, redactor) for one in value]
    return _text(value, redactor) if isinstance(value, str) else value


def _text(text: str, redactor: Redactor) -> str:
    if _DATA.match(text):
        return f"{HIDDEN} ({len(text):,} characters of a picture)"
    return _without_keys(redactor.line(_ADDRESS.sub(rf"\1/{HIDDEN}", text)))


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    if isinstance(value, str) and len(value) > SHOWN_OF_A_VALUE:
        return f"{value[:SHOWN_OF_A_VALUE]}…"
    return value


def _cut(text: str) -> str:
    more = len(text) - SHOWN_OF_AN_ANSWER
    return f"{text[:SHOWN_OF_AN_ANSWER]}… ({more:,} more characters)" if more > 0 else text


def _written(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _redactor(request: GenerationRequest) -> Redactor:
    return Redactor(key=next(iter(_keys()), HIDDEN), prompt=request.prompt)


def _without_keys(text: str) -> str:
    for key in _keys():
        text = Redactor(key=key).without_key(text)
    return text


def _keys() -> list[str]:
    return [key for key in (settings.AIMLAPI_KEY, settings.FAL_KEY, settings.FAL_ADMIN_KEY) if key]
