"""What came of a queued request: its result fetched and committed, or the end of it without one."""

from dataclasses import replace
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from accounts.services import ledger
from generations.models import Attempt, AttemptState, GenerationRequest, Status
from generations.providers.base import RawAnswer
from generations.providers.errors import Outcome, ProviderError
from generations.providers.fal_verdicts import CANCELLED, ResultGone
from generations.services import backoff, circuits, outcomes, providers, records, settling, states

GONE = "gone"  # error code of a queued request that its provider did not know at the last look
KEPT_FOR = timedelta(minutes=6)  # at least: before that, a result is not gone but not found yet


def collect(
    attempt: Attempt, told: RawAnswer | None = None, *, failed_with: int | None = None
) -> None:
    """Fetch the result and commit it; what a webhook told stands in where none is kept any more.

    `failed_with` is the status of a failed result by the provider's word. Raises ProviderError
    where the provider could not be asked, or is to be asked again.
    """
    client = providers.queue(attempt.provider)
    let_go()
    try:
        raw = client.result(
            attempt.response_url,
            prompt=attempt.request.prompt,
            failed_with=told.status_code if told else failed_with,
        )
    except ResultGone as error:
        if told is None:
            _miss(attempt, error)
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


def end_cancelled(attempt: Attempt) -> None:
    """The provider dropped it unmade."""
    with transaction.atomic():
        moved = states.move(
            attempt.request_id,
            leave=[Status.SUBMITTED],
            to=Status.CANCELLED,
            fence=attempt.fence,
            error_code="",
            lease_until=None,
        )
        if moved:
            ledger.release(hold=attempt.request.hold_id)
            Attempt.objects.filter(pk=attempt.pk).update(
                state=AttemptState.NOT_RUN, error_message="taken out of the provider's queue"
            )


def let_go() -> None:
    """Give the connection back while a provider is waited for."""
    if not connection.in_atomic_block:
        connection.close()


def _miss(attempt: Attempt, error: ResultGone) -> None:
    """Believe what two looks in a row say. Raises the error while there has been one alone."""
    request = attempt.request
    was_missed = request.error_code == GONE
    if was_missed and request.cancel_asked_at and request.waits_at_provider:
        end_cancelled(attempt)
    elif was_missed and records.was_sent_before(attempt, KEPT_FOR):
        _lose(attempt, error)
    else:
        GenerationRequest.objects.filter(
            pk=request.pk, status=Status.SUBMITTED, fence=attempt.fence
        ).update(error_code=GONE)
        raise error


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
    attempt.is_probe = circuits.was_probe(attempt)
    outcomes.record_answer(attempt, replace(raw, duration=whole), hand_over=True)


def _record_failure(attempt: Attempt, error: ProviderError) -> None:
    if error.status_code == CANCELLED and attempt.request.cancel_asked_at:
        end_cancelled(attempt)  # Who asked for it died before it was written down.
        return
    if error.outcome is Outcome.NOT_RUN and backoff.is_spent(attempt.request):
        error.outcome = Outcome.REJECTED
    attempt.request.tries = attempt.number - 1  # looks into the queue are no tries
    attempt.is_probe = circuits.was_probe(attempt)
    outcomes.record_error(attempt, error)
