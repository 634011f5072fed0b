"""One shape for everything that goes wrong: what happened, whether it was charged, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from ninja.errors import AuthenticationError, HttpError, ValidationError

from accounts.errors import (
    CannotSpend,
    InsufficientCredits,
    NotAllowed,
    OverLimit,
    TokenUnusable,
)
from accounts.money import plain_credits, say_credits
from config import outages
from generations.api import schemas
from generations.batches import Batch
from generations.errors import (
    IdempotencyKeyReused,
    InvalidRequest,
    QueueFull,
    StorageUnavailable,
    TooManyOpen,
)
from generations.models import GenerationRequest, Status
from generations.receipts import Receipt
from generations.services import approvals

log = structlog.get_logger(__name__)

# Of the last three ninja would else use its own words.
KINDS = (Exception, Http404, HttpError, ValidationError)

TYPES = {
    401: "authentication_error",
    402: "payment_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "server_error",
    502: "provider_error",
}
CANCELLED = "cancelled"
BY_PERSONS = {CANCELLED: 409, approvals.DECLINED: 403}
# Where the provider's refusal is about what was asked, not about the provider.
THEIRS_TO_CHANGE = {"edit": 400, "other_model": 400}
# What pydantic says of a body, in words for whoever wrote it.
WORDS = {
    "missing": "Is missing.",
    "string_type": "Is text.",
    "int_type": "Is a whole number.",
    "int_parsing": "Is a whole number.",
    "int_from_float": "Is a whole number.",
    "bool_type": "Is true or false.",
    "bool_parsing": "Is true or false.",
    "literal_error": "Is one of {expected}.",
    "uuid_parsing": "Is not an id.",
}
A_WHILE = 30  # Seconds in which some of a team's requests end.
MAKE_ONE = "Make a token under “API tokens”, and send it as Authorization: Bearer img_live_…"


class NotMade(Exception):
    """A request that ended without images."""

    def __init__(self, request: GenerationRequest) -> None:
        self.request = request
        super().__init__(str(request.pk))


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    status: int
    code: str
    what: str = ""
    action: str = ""
    charged: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)
    request: UUID | None = None
    retry_after: int = 0  # seconds, where waiting helps

    @property
    def shown(self) -> schemas.Error:
        charged = f"{say_credits(self.charged)} charged." if self.charged else "Not charged."
        return schemas.Error(
            message=" ".join(part for part in (self.what, charged, self.action) if part),
            type=TYPES.get(self.status, "invalid_request_error"),
            code=self.code,
            param=next(iter(self.fields), None),
            charged=plain_credits(self.charged),
            what_to_do=self.action,
            fields=dict(self.fields) or None,
            request=self.request,
        )


OUR_MISTAKE = Problem(
    status=500,
    code="our_mistake",
    what="Something broke on our side; if the request was taken, it goes on.",
    action="Send it again with the same Idempotency-Key, or look under “My images”.",
)
DATABASE_AWAY = Problem(
    status=503,
    code="back_in_a_moment",
    what="Darkroom cannot reach its database for a moment; what was taken before goes on.",
    action="Send it again in a few seconds, with the same Idempotency-Key.",
    retry_after=outages.RETRY_AFTER,
)
# Where nothing else is said, what happened is the error's own text.
KNOWN: Mapping[type[Exception], Problem] = {
    AuthenticationError: Problem(
        status=401, code="token_missing", what="No token was sent.", action=MAKE_ONE
    ),
    TokenUnusable: Problem(status=401, code="token_unusable", action=MAKE_ONE),
    NotAllowed: Problem(
        status=403, code="not_allowed", action="Ask an owner of the team for another role."
    ),
    InsufficientCredits: Problem(
        status=402,
        code="insufficient_credits",
        action="Ask an owner for more, or ask for fewer or smaller images.",
    ),
    OverLimit: Problem(status=402, code="limit_reached"),
    CannotSpend: Problem(status=402, code="cannot_spend"),
    TooManyOpen: Problem(status=429, code="too_many_open", retry_after=A_WHILE),
    QueueFull: Problem(
        status=429,
        code="queue_full",
        what="As many requests of this team are open as fit into its queue.",
        action="Send it again with the same Idempotency-Key once some are done.",
        retry_after=A_WHILE,
    ),
    IdempotencyKeyReused: Problem(
        status=409,
        code="idempotency_key_reused",
        what="This Idempotency-Key was sent before with other content.",
        action="Send this with a key of its own.",
    ),
    RequestDataTooBig: Problem(
        status=413, code="too_large", what="The body is too large.", action="Send smaller images."
    ),
    HttpError: Problem(
        status=400,
        code="unreadable",
        what="The body could not be read.",
        action="Send one JSON object.",
    ),
    Http404: Problem(
        status=404,
        code="not_found",
        what="There is nothing of this id that this token may see.",
        action="Check the id, and that it was made in the token's team.",
    ),
    StorageUnavailable: Problem(
        status=503,
        code="storage_unavailable",
        action="Fetch it again in a minute.",
        retry_after=60,
    ),
}


def of_error(error: Exception) -> Problem:
    """What to answer when this was raised."""
    match error:
        case NotMade():
            return of_request(error.request) or OUR_MISTAKE
        case InvalidRequest():
            return _invalid(error.errors)
        case ValidationError():
            return _invalid(dict(map(_field, error.errors)))
    for kind in type(error).__mro__:
        if kind in KNOWN:
            known = KNOWN[kind]
            return replace(known, what=known.what or str(error))
    if isinstance(error, outages.AWAY):
        return DATABASE_AWAY
    log.error("api_failed", exc_info=error)
    return OUR_MISTAKE


def of_request(made: GenerationRequest) -> Problem | None:
    """Why a request ended without images, if it did."""
    why = Batch(made).failure
    if why is None:
        return None
    code = made.error_code or (CANCELLED if made.status == Status.CANCELLED else "failed")
    return Problem(
        status=BY_PERSONS.get(code) or THEIRS_TO_CHANGE.get(why.action, 502),
        code=code,
        what=f"{why.title}.",
        action=why.text,
        charged=Receipt(made).charged,
        request=made.pk,
    )


def _invalid(fields: Mapping[str, str]) -> Problem:
    return Problem(
        status=400,
        code="invalid_request",
        what=" ".join(f"{name}: {words}" for name, words in fields.items()),
        action="Change it and send it again.",
        fields=fields,
    )


def _field(found: Mapping[str, Any]) -> tuple[str, str]:
    """The name of a field as it was sent, and what is wrong with it."""
    words = WORDS.get(found["type"], found["msg"])
    name = ".".join(str(part) for part in found["loc"][2:])
    return name or "body", words.format(**found.get("ctx", {}))
