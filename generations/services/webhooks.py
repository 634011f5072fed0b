"""What providers tell us: kept before it is acknowledged, read afterwards and once."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from generations import clock
from generations.errors import ForgedWebhook, UndecidedWebhook, UnknownWebhook
from generations.models import Attempt, GenerationRequest, Status, WebhookInbox
from generations.providers import fal_reading
from generations.providers.base import RawAnswer
from generations.providers.errors import ProviderError
from generations.providers.fal_signatures import BadSignature, KeysUnavailable
from generations.services import backoff, providers, queueing, results

AT_ONCE = 100
TOKEN_LENGTH = 40
# Seconds after each try to take it in. So often the provider is asked for what it told of, nearly
# as long as it keeps that; then what it told has to do.
PAUSES = (1, 1, 1, 2, 5, 10, 30, 60, 120, 300)
OK, ERROR = 200, 500
# A provider tells again for hours at most.
KEPT = timedelta(days=30)
_DONE_WITH = {Status.ANSWERED, Status.SUCCEEDED}

log = structlog.get_logger(__name__)
_readers = ThreadPoolExecutor(queueing.FOLLOWERS, thread_name_prefix="read")


def address(attempt: Attempt) -> str:
    """Where a provider tells about this attempt and no other; empty if it could not reach it."""
    if not settings.WEBHOOK_ORIGIN:
        return ""
    return f"{settings.WEBHOOK_ORIGIN}{reverse('fal-hook', args=[attempt.pk, token(attempt.pk)])}"


def token(attempt_id: UUID) -> str:
    """What only the provider that was given the address knows."""
    made = salted_hmac("generations.webhooks", str(attempt_id), algorithm="sha256")
    return made.hexdigest()[:TOKEN_LENGTH]


def receive(*, attempt_id: UUID, given_token: str, headers: Mapping[str, str], body: bytes) -> None:
    """Keep what fal tells. Told again, it is kept once.

    Raises UnknownWebhook, ForgedWebhook, or UndecidedWebhook when fal's keys cannot be read.
    """
    if not constant_time_compare(given_token, token(attempt_id)):
        raise UnknownWebhook
    attempt = Attempt.objects.filter(pk=attempt_id, provider=providers.FAL).first()
    if attempt is None:
        raise UnknownWebhook
    try:
        signed = providers.verifier().check(headers, body)
    except BadSignature as error:
        log.warning("webhook_forged", attempt=attempt.client_request_id, why=str(error))
        raise ForgedWebhook(str(error)) from error
    except KeysUnavailable as error:
        log.warning("webhook_undecided", attempt=attempt.client_request_id, why=str(error))
        raise UndecidedWebhook(str(error)) from error
    if attempt.inference_id not in {"", signed.request_id, _named_in(body)}:
        raise ForgedWebhook("The webhook is about another request")
    told = WebhookInbox(
        provider=providers.FAL,
        event_id=(attempt.inference_id or _named_in(body) or signed.request_id)[:120],
        attempt=attempt,
        body=body,
        headers={name: headers[name] for name in headers if name.startswith("x-fal-webhook-")},
    )
    WebhookInbox.objects.bulk_create([told], ignore_conflicts=True)


def process_due() -> None:
    """Read what was told and not read yet, a few at a time: each asks the provider for a result."""
    list(_readers.map(_process_alone, _take_due()))


def process(webhook_id: UUID) -> None:
    """Take in what a webhook tells; once taken in, it changes nothing more."""
    told = WebhookInbox.objects.select_related("attempt__request__hold").get(pk=webhook_id)
    if told.processed_at or _is_being_sent(told.attempt.request):
        return
    try:
        _take_in(told)
    except ProviderError as error:
        log.warning("webhook_postponed", webhook=str(told.pk), why=error.message)
        return
    WebhookInbox.objects.filter(pk=told.pk).update(processed_at=Now())
    queueing.hand_on(told.attempt)


def forget() -> None:
    """Delete what was read long ago: what it told is kept where it was told to."""
    WebhookInbox.objects.filter(processed_at__lt=Now() - KEPT).delete()


def _process_alone(webhook_id: UUID) -> None:
    # Where it fails it is kept as it is, and tried again at its time.
    clock.alone(partial(process, webhook_id), "webhook_failed", webhook=str(webhook_id))


def _take_in(told: WebhookInbox) -> None:
    attempt, request = told.attempt, told.attempt.request
    if attempt.fence == request.fence and request.status in _DONE_WITH:
        return  # the look into the queue was faster
    if not attempt.inference_id:
        # The answer to the submit was lost; this is how we learn the provider's id of it.
        attempt.inference_id = told.event_id
        Attempt.objects.filter(pk=attempt.pk, inference_id="").update(inference_id=told.event_id)
    raw = _read(bytes(told.body))
    if attempt.response_url and told.tries < len(PAUSES):
        results.collect(attempt, raw)
    elif raw is not None:
        results.accept(attempt, raw)


def _is_being_sent(request: GenerationRequest) -> bool:
    """Whether a worker is about to write down where to ask for the result."""
    alive = request.lease_until is not None and request.lease_until > timezone.now()
    return request.status == Status.SENDING and alive


def _named_in(body: bytes) -> str:
    """The request that a webhook is about; its headers may name the last of fal's own tries."""
    return str(_message(body).get("request_id") or "")


def _message(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _read(body: bytes) -> RawAnswer | None:
    """The model's answer that a webhook carries, if it does."""
    message = _message(body)
    if not isinstance(message.get("payload"), dict | list):
        return None
    answer = json.dumps(message["payload"])
    return RawAnswer(_status(message), {"content-type": "application/json"}, answer, 0.0)


def _status(message: Mapping[str, Any]) -> int:
    if message.get("status") == "OK":
        return OK
    code = fal_reading.read_failure(str(message.get("error", ""))) or ERROR
    return code if code >= 400 else ERROR  # noqa: PLR2004 - it says that it failed


def _take_due() -> list[UUID]:
    with transaction.atomic():
        due = list(
            WebhookInbox.objects.select_for_update(skip_locked=True)
            .filter(processed_at__isnull=True, due_at__lte=Now())
            .order_by("due_at")
            .defer("body")[:AT_ONCE]
        )
        for told in due:
            pause = timedelta(seconds=PAUSES[min(told.tries, len(PAUSES) - 1)])
            WebhookInbox.objects.filter(pk=told.pk).update(
                tries=backoff.one_more(), due_at=Now() + pause
            )
    return [told.pk for told in due]
