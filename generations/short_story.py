"""What happened to a request, in a line for who asked for it."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone
from django.utils.formats import date_format

from generations import moves
from generations.models import Attempt, AttemptState, GenerationRequest, Status
from generations.receipts import Receipt
from generations.why import HAPPENED


def in_short(request: GenerationRequest, *, paused: str = "") -> list[str]:
    """ "Sent 10:41:03 UTC", "arrived 10:41:24", "charged 3.3"; what happened first has its zone.

    `paused` in words, why nobody works on it now.
    """
    attempts = Attempt.objects.defer("raw_body", "raw_headers")  # may hold whole pictures
    prefetch_related_objects([request], "hold__entries", "images", Prefetch("attempts", attempts))
    parts = [*_approved_in_short(request), *_calls_in_short(request)]
    if request.status == Status.QUEUED and parts and request.error_code:
        parts.append(f"{_what(request.error_code)}, waits to be sent again")
    elif request.status == Status.QUEUED and parts and request.moved_from:
        parts.append(f"goes to {moves.instead(request)}")
    if request.status == Status.UNCONFIRMED:
        parts.append("no clear answer came, the provider is asked what became of it")
    if request.finished_at and request.status != Status.SUCCEEDED:
        parts.append(f"over {_clock(request.finished_at)}")
    if not request.is_open:
        parts.append(Receipt(request).charge)
    told = [f"{one[:1].upper()}{one[1:]} UTC" for one in parts[:1]] + parts[1:]
    return [*told, f"{'paused' if told else 'Paused'}: {paused}"] if paused else told


def _approved_in_short(request: GenerationRequest) -> Iterator[str]:
    approval = getattr(request, "approval", None)
    if approval:
        yield f"{approval.get_verdict_display().lower()} {_clock(approval.at)}"


def _calls_in_short(request: GenerationRequest) -> Iterator[str]:
    before: Attempt | None = None
    for attempt in request.attempts.all():
        sent = f"{_sent(attempt, before)} {_clock(attempt.sent_at)}"
        yield f"{_what(before.error_kind)}, {sent}" if before else sent
        if attempt.state == AttemptState.ANSWERED and attempt.answered_at:
            yield f"arrived {_clock(attempt.answered_at)}"
        before = attempt


def _sent(attempt: Attempt, before: Attempt | None) -> str:
    moved_before = attempt.request.moved_from and not attempt.is_of_another_provider
    if moved_before and (before is None or before.provider != attempt.provider):
        return f"sent to {moves.instead(attempt.request)}"
    return "sent again" if before else "sent"


def _what(error_kind: str) -> str:
    words = HAPPENED.get(error_kind, "It had not run")
    return words[:1].lower() + words[1:]


def _clock(at: datetime) -> str:
    return date_format(timezone.localtime(at), "H:i:s")
