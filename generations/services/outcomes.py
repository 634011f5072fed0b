"""How an attempt ended, and what that makes of its request."""

import structlog
from django.db import transaction
from django.db.models.functions import Now

from accounts.services import ledger
from generations.models import Attempt, AttemptState, Status
from generations.providers.base import RawAnswer
from generations.providers.errors import ErrorKind, Outcome, ProviderError, UnreadableAnswer
from generations.services import backoff, leases, notices, providers, settling, states

# Refusals that only who owns the provider's key or account can end; the page says they were told.
OWNERS_MATTER = {ErrorKind.UNAUTHORIZED, ErrorKind.FORBIDDEN, ErrorKind.NO_CREDITS}

log = structlog.get_logger(__name__)


def record_answer(attempt: Attempt, raw: RawAnswer) -> bool:
    """Commit the raw answer. A late one is accepted as long as no newer attempt was made."""
    with transaction.atomic():
        # The request first, then its attempt, as everywhere: the sweeper may be at the same two.
        moved = states.move(
            attempt.request_id,
            leave=[Status.SENDING, Status.UNCONFIRMED],
            to=Status.ANSWERED,
            fence=attempt.fence,
            lease_owner=leases.OWNER,
            lease_until=leases.until(),
            due_at=Now(),
            tries=0,
        )
        _write_raw(attempt, raw, state=AttemptState.ANSWERED)
        if not moved:
            _book_too_late(attempt, raw)
    return moved


def _book_too_late(attempt: Attempt, raw: RawAnswer) -> None:
    """An answer after its request went on without it: what it cost is the house's."""
    attempt.refresh_from_db()
    request = attempt.request
    if request.fence == attempt.fence and request.status in {Status.ANSWERED, Status.SUCCEEDED}:
        return  # It was accepted: the same is said again after a commit that seemed to fail.
    log.warning("answer_too_late", attempt=attempt.client_request_id)
    try:
        cost = providers.client(attempt.request.provider).parse(raw).cost
    except UnreadableAnswer as error:
        cost = error.cost
    if cost and attempt.cost_nano_usd is None:
        settling.house_pays(attempt, cost, reason="answered too late")


def record_error(attempt: Attempt, error: ProviderError) -> None:
    """Commit what an error proves: never ran, refused for good, or nothing."""
    log.warning(
        "attempt_failed", attempt=attempt.client_request_id, kind=error.kind, outcome=error.outcome
    )
    with transaction.atomic():
        {
            Outcome.NOT_RUN: _queue_again,
            Outcome.REJECTED: _reject,
            Outcome.UNKNOWN: _leave_unconfirmed,
        }[error.outcome](attempt, error)
        _write_error(attempt, error)


def _queue_again(attempt: Attempt, error: ProviderError) -> None:
    request = attempt.request
    if backoff.is_exhausted(request):
        _reject(attempt, error)
        return
    states.move(
        request.pk,
        leave=[Status.SENDING, Status.UNCONFIRMED],
        to=Status.QUEUED,
        fence=attempt.fence,
        due_at=Now() + backoff.delay(request.tries, at_least=error.retry_after or 0),
        tries=request.tries + 1,
        error_code=error.kind,
        lease_until=None,
    )


def _reject(attempt: Attempt, error: ProviderError) -> None:
    request = attempt.request
    moved = states.move(
        request.pk,
        leave=[Status.SENDING, Status.UNCONFIRMED],
        to=Status.FAILED,
        fence=attempt.fence,
        error_code=error.kind,
        error_detail=error.message[:500],
        lease_until=None,
    )
    if moved:
        ledger.release(hold=request.hold_id)
        if error.cost:
            settling.house_pays(attempt, error.cost, reason="refused, but charged")
        if error.kind in OWNERS_MATTER:
            notices.provider_account_refused(request=request, kind=error.kind)


def _leave_unconfirmed(attempt: Attempt, error: ProviderError) -> None:
    states.move(
        attempt.request_id,
        leave=[Status.SENDING],
        to=Status.UNCONFIRMED,
        fence=attempt.fence,
        error_code=error.kind,
        due_at=Now(),
        tries=0,
        lease_until=None,
    )


def _write_error(attempt: Attempt, error: ProviderError) -> None:
    state = {
        Outcome.NOT_RUN: AttemptState.NOT_RUN,
        Outcome.REJECTED: AttemptState.REJECTED,
        Outcome.UNKNOWN: AttemptState.UNKNOWN,
    }[error.outcome]
    if error.raw:
        _write_raw(attempt, error.raw, state=state)
    Attempt.objects.filter(pk=attempt.pk).update(
        state=state,
        http_status=error.status_code,
        error_kind=error.kind,
        error_message=error.message[:500],
    )


def _write_raw(attempt: Attempt, raw: RawAnswer, *, state: AttemptState) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(
        state=state,
        http_status=raw.status_code,
        raw_headers=raw.headers,
        raw_body=raw.body.replace("\x00", ""),  # PostgreSQL's text holds no NUL.
        inference_id=raw.headers.get("x-inference-id", "")[:120],
        seconds=raw.duration,
        answered_at=Now(),
    )
