"""Requests that wait in a provider's queue: put there once, then asked about until they are over.

Nobody waits with them: they hold no thread, no lease and no connection. A clock beside each worker
looks at those that are due.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from generations import clock, enqueue, events
from generations.models import Attempt, AttemptState, GenerationRequest, Status
from generations.providers.base import Cancellation, Progress, RawAnswer, Stage
from generations.providers.errors import ProviderError, UnreadableAnswer
from generations.services import (
    backoff,
    circuits,
    gates,
    outcomes,
    providers,
    records,
    results,
    settling,
    states,
)

FOLLOW_SECONDS = 0.5
LOOKS_AT_ONCE = 100
FOLLOWERS = 4
# Seconds to the first look, the second, and so on; the last one again and again.
WITH_WEBHOOKS = (15, 30, 60)
WITHOUT_WEBHOOKS = (1, 1, 2, 2, 3, 5, 5, 10, 15, 30, 60)

log = structlog.get_logger(__name__)
_followers = ThreadPoolExecutor(FOLLOWERS, thread_name_prefix="follow")


def record_submission(attempt: Attempt, raw: RawAnswer) -> bool:
    """Commit where to ask about what was queued; say whether there is an answer: never yet."""
    try:
        submission = providers.queue(attempt.provider).read_submission(raw)
    except UnreadableAnswer as error:
        outcomes.record_error(attempt, error)
        return False
    with transaction.atomic():
        states.move(
            attempt.request_id,
            leave=[Status.SENDING, Status.UNCONFIRMED],
            to=Status.SUBMITTED,
            fence=attempt.fence,
            queue_position=submission.position,
            queue_note="",
            lease_until=None,
            due_at=_pause(0),
            tries=0,
        )
        kept = Attempt.objects.filter(pk=attempt.pk)
        kept.update(
            inference_id=submission.request_id,
            status_url=submission.status_url,
            response_url=submission.response_url,
            cancel_url=submission.cancel_url,
        )
        # A webhook may have been faster than the answer.
        kept.filter(state__in=[AttemptState.SENT, AttemptState.UNKNOWN]).update(
            state=AttemptState.SUBMITTED, http_status=raw.status_code
        )
    if attempt.is_probe:
        circuits.close(attempt, but=circuits.OF_THE_WORK)
    return False


def ask_to_cancel(request: GenerationRequest) -> bool:
    """Have the provider asked to drop what waits in its queue; say whether it still waits."""
    asked = GenerationRequest.objects.filter(
        pk=request.pk, status=Status.SUBMITTED, queue_position__isnull=False
    ).update(cancel_asked_at=Now(), due_at=Now())
    if asked:
        events.changed(request.pk)
    return asked == 1


def follow_due() -> None:
    """Look at everything that is due, a few at a time."""
    list(_followers.map(_follow_alone, _take_due()))


def follow(request_id: UUID) -> None:
    """Ask once how far a queued request is, and take its result if it is there."""
    request = GenerationRequest.objects.select_related("hold").get(pk=request_id)
    attempt = request.attempts.order_by("-number").first()
    if request.status != Status.SUBMITTED or attempt is None:
        return
    attempt.request = request
    try:
        _look(attempt)
    except ProviderError as error:
        log.warning("queue_unreadable", request=str(request.pk), why=error.message)
        if records.was_sent_before(attempt, backoff.GIVE_UP_AFTER):
            settling.fail(request=request, attempt=attempt, code="unclear")
    hand_on(attempt)


def hand_on(attempt: Attempt) -> None:
    """Have the place of a request that left the queue given to the next one."""
    stays = GenerationRequest.objects.filter(pk=attempt.request_id, status=Status.SUBMITTED)
    if gates.is_limited(attempt.provider) and not stays.exists():
        enqueue.send_ticket()


def _take_due() -> list[UUID]:
    """Those to look at now, each with its next look set, so that no two workers look at once."""
    with transaction.atomic():
        due = list(
            GenerationRequest.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(status=Status.SUBMITTED, due_at__lte=Now())
            .order_by("due_at")[:LOOKS_AT_ONCE]
        )
        for request in due:
            GenerationRequest.objects.filter(pk=request.pk).update(
                tries=backoff.one_more(), due_at=Now() + _pause(request.tries + 1)
            )
    return [request.pk for request in due]


def _follow_alone(request_id: UUID) -> None:
    # The others are looked at all the same, and this one again at its time.
    clock.alone(partial(follow, request_id), "follow_failed", request=str(request_id))


def _pause(looks: int) -> timedelta:
    steps = WITH_WEBHOOKS if settings.WEBHOOK_ORIGIN else WITHOUT_WEBHOOKS
    return timedelta(seconds=steps[min(looks, len(steps) - 1)])


def _look(attempt: Attempt, *, may_cancel: bool = True) -> None:
    request = attempt.request
    client = providers.queue(attempt.provider)
    results.let_go()
    try:
        progress = client.progress(attempt.status_url, prompt=request.prompt)
    except ProviderError as error:
        if error.status_code != 404:  # noqa: PLR2004 - forgotten, as its result may be
            raise
        progress = Progress(Stage.DONE, None, "")
    if progress.stage is Stage.DONE:
        results.collect(attempt, failed_with=progress.failed_with)
    elif may_cancel and request.cancel_asked_at and progress.stage is Stage.QUEUED:
        _cancel(attempt)
    else:
        _note(request, progress)


def _note(request: GenerationRequest, progress: Progress) -> None:
    """Keep how far it is, and tell whoever watches if that is new."""
    news = {
        "queue_position": progress.position,
        "queue_note": progress.words,
        "error_code": "",
    }
    if any(getattr(request, name) != value for name, value in news.items()):
        with transaction.atomic():
            still = GenerationRequest.objects.filter(pk=request.pk, status=Status.SUBMITTED)
            still.update(**news)
            events.changed(request.pk)


def _cancel(attempt: Attempt) -> None:
    said = providers.queue(attempt.provider).cancel(attempt.cancel_url)
    if said is Cancellation.ACKNOWLEDGED:
        results.end_cancelled(attempt)
    elif said is Cancellation.REQUESTED:
        _look(attempt, may_cancel=False)
