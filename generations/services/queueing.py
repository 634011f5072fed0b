"""Requests that wait in a provider's queue: put there once, then asked about until they are over.

Nobody waits with them: they hold no thread, no lease and no connection. A clock beside each worker
looks at those that are due.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.services import ledger
from generations import events
from generations.models import Attempt, AttemptState, GenerationRequest, Status
from generations.providers.base import Cancellation, Progress, RawAnswer, Stage
from generations.providers.errors import Outcome, ProviderError, UnreadableAnswer
from generations.providers.fal_verdicts import ResultGone
from generations.services import backoff, outcomes, providers, records, settling, states

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


def collect(attempt: Attempt, told: RawAnswer | None = None) -> None:
    """Fetch the result and commit it; what a webhook told stands in where none is kept any more.

    Raises ProviderError where the provider could not be asked.
    """
    client = providers.queue(attempt.provider)
    _let_go()
    try:
        raw = client.result(attempt.response_url, prompt=attempt.request.prompt)
    except ResultGone as error:
        if told is None:
            _lose(attempt, error)
        else:
            accept(attempt, told)
    except ProviderError as error:
        if error.outcome is Outcome.UNKNOWN:
            raise
        _record_failure(attempt, error)
    else:
        _record_answer(attempt, raw)


def accept(attempt: Attempt, told: RawAnswer) -> None:
    """Commit a result that a webhook told, which says nothing of what was billed."""
    if told.status_code < 400:  # noqa: PLR2004 - what a model refused or broke on
        _record_answer(attempt, told)
        return
    client = providers.queue(attempt.provider)
    _record_failure(attempt, client.failure(told, prompt=attempt.request.prompt))


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
                tries=F("tries") + 1, due_at=Now() + _pause(request.tries + 1)
            )
    return [request.pk for request in due]


def _follow_alone(request_id: UUID) -> None:
    try:
        follow(request_id)
    except Exception:
        # The others are looked at all the same, and this one again at its time.
        log.exception("follow_failed", request=str(request_id))
    finally:
        connection.close()


def _pause(looks: int) -> timedelta:
    steps = WITH_WEBHOOKS if settings.WEBHOOK_ORIGIN else WITHOUT_WEBHOOKS
    return timedelta(seconds=steps[min(looks, len(steps) - 1)])


def _look(attempt: Attempt) -> None:
    request = attempt.request
    client = providers.queue(attempt.provider)
    _let_go()
    try:
        progress = client.progress(attempt.status_url, prompt=request.prompt)
    except ProviderError as error:
        if error.status_code != 404:  # noqa: PLR2004 - forgotten, as its result may be
            raise
        progress = Progress(Stage.DONE, None, "")
    if progress.stage is Stage.DONE:
        collect(attempt)
    elif request.cancel_asked_at and progress.stage is Stage.QUEUED:
        _cancel(attempt)
    else:
        _note(request, progress)


def _note(request: GenerationRequest, progress: Progress) -> None:
    """Keep how far it is, and tell whoever watches if that is new."""
    news = {
        "queue_position": progress.position,
        "queue_note": progress.words,
        # What is being made can no longer be taken back.
        "cancel_asked_at": request.cancel_asked_at if progress.stage is Stage.QUEUED else None,
    }
    if any(getattr(request, name) != value for name, value in news.items()):
        with transaction.atomic():
            still = GenerationRequest.objects.filter(pk=request.pk, status=Status.SUBMITTED)
            still.update(**news)
            events.changed(request.pk)


def _cancel(attempt: Attempt) -> None:
    client = providers.queue(attempt.provider)
    if client.cancel(attempt.cancel_url) is not Cancellation.ACKNOWLEDGED:
        return
    with transaction.atomic():
        moved = states.move(
            attempt.request_id,
            leave=[Status.SUBMITTED],
            to=Status.CANCELLED,
            fence=attempt.fence,
            lease_until=None,
        )
        if moved:
            ledger.release(hold=attempt.request.hold_id)
            Attempt.objects.filter(pk=attempt.pk).update(
                state=AttemptState.NOT_RUN, error_message="taken out of the provider's queue"
            )


def _lose(attempt: Attempt, error: ResultGone) -> None:
    """The result was not fetched in time. What it cost, the provider's bill will say."""
    with transaction.atomic():
        lost = settling.fail(request=attempt.request, attempt=attempt, code="lost")
        if lost:
            Attempt.objects.filter(pk=attempt.pk).update(
                state=AttemptState.LOST, error_message=error.message[:500]
            )


def _record_answer(attempt: Attempt, raw: RawAnswer) -> None:
    whole = (timezone.now() - attempt.sent_at).total_seconds()
    outcomes.record_answer(attempt, replace(raw, duration=whole), hand_over=True)


def _record_failure(attempt: Attempt, error: ProviderError) -> None:
    if error.outcome is Outcome.NOT_RUN and backoff.is_spent(attempt.request):
        error.outcome = Outcome.REJECTED
    attempt.request.tries = attempt.number - 1  # looks into the queue are no tries
    outcomes.record_error(attempt, error)


def _let_go() -> None:
    """Give the connection back while a provider is waited for."""
    if not connection.in_atomic_block:
        connection.close()
