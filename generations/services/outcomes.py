"""How an attempt ended, and what that makes of its request."""

import functools
from typing import Any

import structlog
from django.db import transaction
from psycopg.types.json import Json

from accounts.services import ledger
from config.sql import run_prepared
from generations import catalog, enqueue
from generations.models import Attempt, AttemptState, Status
from generations.providers.base import Cost, RawAnswer
from generations.providers.errors import ErrorKind, Outcome, ProviderError, UnreadableAnswer
from generations.services import (
    backoff,
    circuits,
    failover,
    gates,
    leases,
    notices,
    providers,
    settling,
    states,
)

# Refusals that only who owns the provider's key or account can end; the page says they were told.
OWNERS_MATTER = {ErrorKind.UNAUTHORIZED, ErrorKind.FORBIDDEN, ErrorKind.NO_CREDITS}

KEEP_RAW = """
UPDATE generations_attempt
SET state = %(state)s, http_status = %(http_status)s, raw_headers = %(raw_headers)s,
    raw_body = %(raw_body)s, inference_id = %(inference_id)s, seconds = %(seconds)s,
    answered_at = statement_timestamp()
{only_if} RETURNING generations_attempt.id
"""
KEEP_IF_MOVED = KEEP_RAW.format(only_if="FROM moved WHERE generations_attempt.id = %(attempt)s")
# What was answered stays as it was answered.
KEEP = KEEP_RAW.format(only_if="WHERE id = %(attempt)s AND state <> 'answered'")

log = structlog.get_logger(__name__)


# Of a direct call the first and the last, of a queued one all three.
UNDER_WAY = (Status.SENDING, Status.SUBMITTED, Status.UNCONFIRMED)


def record_answer(attempt: Attempt, raw: RawAnswer, *, hand_over: bool = False) -> bool:
    """Commit the raw answer. A late one is accepted as long as no newer attempt was made.

    Whoever calls goes on to store it, unless they `hand_over` to the workers.
    """
    values = _raw_values(attempt, raw, state=AttemptState.ANSWERED)
    # The request first, then its attempt, as everywhere: the sweeper may be at the same two.
    moved = states.move(
        attempt.request_id,
        leave=UNDER_WAY,
        to=Status.ANSWERED,
        fence=attempt.fence,
        alongside=(KEEP_IF_MOVED, values),
        lease_owner="" if hand_over else leases.OWNER,
        lease_until=states.NOW if hand_over else leases.length(),
        due_at=states.NOW,
        tries=0,
        error_code="",
    )
    if not moved:
        with transaction.atomic():
            run_prepared(KEEP, values)
            _book_too_late(attempt, raw)
    elif hand_over:
        enqueue.after_commit(functools.partial(enqueue.finish, attempt.request_id))
    attempt.inference_id = values["inference_id"]
    if attempt.is_probe:
        circuits.close(attempt)
    return moved


def _book_too_late(attempt: Attempt, raw: RawAnswer) -> None:
    """An answer after its request went on without it: what it cost is the house's."""
    attempt.refresh_from_db()
    request = attempt.request
    if request.fence == attempt.fence and request.status in {Status.ANSWERED, Status.SUCCEEDED}:
        return  # It was accepted: the same is said again after a commit that seemed to fail.
    log.warning("answer_too_late", attempt=attempt.client_request_id)
    cost = _cost_of(attempt, raw)
    if cost and attempt.cost_nano_usd is None:
        settling.house_pays(attempt, cost, reason="answered too late")


def _cost_of(attempt: Attempt, raw: RawAnswer) -> Cost | None:
    try:
        answer = providers.client(attempt.provider).parse(raw)
        return next(iter(settling.costs(attempt, answer)), None)
    except UnreadableAnswer as error:
        return settling.stated_cost(attempt, error.cost, error.units)
    except catalog.UnknownModel:
        return None  # It left the catalog meanwhile; the provider's bill will say.


def record_error(attempt: Attempt, error: ProviderError) -> None:
    """Commit what an error proves: never ran, refused for good, or nothing."""
    log.warning(
        "attempt_failed", attempt=attempt.client_request_id, kind=error.kind, outcome=error.outcome
    )
    with transaction.atomic():
        {
            Outcome.NOT_RUN: _queue_again,
            Outcome.REJECTED: _take_refusal,
            Outcome.UNKNOWN: _leave_unconfirmed,
        }[error.outcome](attempt, error)
        _write_error(attempt, error)
        if error.kind == ErrorKind.RATE_LIMITED:
            gates.slow_down(attempt.provider)
        circuits.note_failure(attempt, error.kind)


def _queue_again(attempt: Attempt, error: ProviderError) -> None:
    request = attempt.request
    if backoff.is_exhausted(attempt):
        if not failover.hand_over(attempt):
            _reject(attempt, error)
        return
    states.move(
        request.pk,
        leave=UNDER_WAY,
        to=Status.QUEUED,
        fence=attempt.fence,
        due_at=backoff.delay(request.tries, at_least=error.retry_after or 0),
        tries=request.tries + 1,
        # Its wait in a provider's queue was none of the time that tries may take.
        started_at=None if attempt.status_url else request.started_at,
        error_code=error.kind,
        lease_until=None,
    )


def _take_refusal(attempt: Attempt, error: ProviderError) -> None:
    """Of us, it says nothing of what another provider would do; of the request, it ends it."""
    if error.kind not in circuits.OF_US or error.cost or not failover.hand_over(attempt):
        _reject(attempt, error)
    elif error.kind in OWNERS_MATTER:
        notices.provider_account_refused(request=attempt.request, kind=error.kind)


def _reject(attempt: Attempt, error: ProviderError) -> None:
    request = attempt.request
    moved = states.move(
        request.pk,
        leave=UNDER_WAY,
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
        due_at=states.NOW,
        tries=0,
        lease_until=None,
    )


def _write_error(attempt: Attempt, error: ProviderError) -> None:
    """Say how the attempt ended, unless an answer came before the error."""
    state = {
        Outcome.NOT_RUN: AttemptState.NOT_RUN,
        Outcome.REJECTED: AttemptState.REJECTED,
        Outcome.UNKNOWN: AttemptState.UNKNOWN,
    }[error.outcome]
    if error.raw:
        run_prepared(KEEP, _raw_values(attempt, error.raw, state=state))
    Attempt.objects.filter(pk=attempt.pk).exclude(state=AttemptState.ANSWERED).update(
        state=state,
        http_status=error.status_code,
        error_kind=error.kind,
        error_message=error.message[:500],
    )


def _raw_values(attempt: Attempt, raw: RawAnswer, *, state: AttemptState) -> dict[str, Any]:
    return {
        "attempt": attempt.pk,
        "state": state,
        "http_status": raw.status_code,
        "raw_headers": Json(raw.headers),
        "raw_body": raw.body.replace("\x00", ""),  # PostgreSQL's text holds no NUL.
        "inference_id": raw.headers.get("x-inference-id", attempt.inference_id)[:120],
        "seconds": raw.duration,
    }
