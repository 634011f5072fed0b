"""How attempts end when more than one thing happens to them; test_execution has the plain ways."""

import pytest
from django.db.models.functions import Now

from generations.models import Attempt, AttemptState, GenerationRequest, Status
from generations.providers.base import RawAnswer
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import audit, outcomes, providers, recovery, settling, storing
from tests import factories
from tests.generations.services.steps import attempts, house_paid, now

pytestmark = pytest.mark.django_db(transaction=True)


def error(outcome: Outcome, kind: ErrorKind = ErrorKind.TIMEOUT) -> ProviderError:
    return ProviderError("It broke.", outcome=outcome, kind=kind)


@pytest.fixture
def attempt() -> Attempt:
    """An attempt whose worker went silent: its lease ran out and it counts as unconfirmed."""
    sent = factories.sent()
    GenerationRequest.objects.filter(pk=sent.request_id).update(lease_until=Now())
    recovery.expire_leases()
    return sent


def queue_again(attempt: Attempt) -> None:
    """What the sweeper does with an attempt that the provider never heard of."""
    GenerationRequest.objects.filter(pk=attempt.request_id).update(
        status=Status.QUEUED, due_at=Now()
    )
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.NOT_RUN)


def test_a_late_answer_is_taken_while_nothing_else_was_tried(attempt: Attempt) -> None:
    assert now(attempt.request).status == Status.UNCONFIRMED
    assert outcomes.record_answer(attempt, factories.answer())
    storing.finish(attempt.request_id)
    assert now(attempt.request).status == Status.SUCCEEDED
    assert now(attempt.request).hold.captured == factories.PRICE


def test_an_answer_after_a_newer_attempt_leaves_the_request_alone(attempt: Attempt) -> None:
    queue_again(attempt)
    newer = factories.sent(attempt.request)
    assert not outcomes.record_answer(attempt, factories.answer())
    request = now(attempt.request)
    assert (request.status, request.fence) == (Status.SENDING, newer.fence)


def test_what_an_answer_too_late_cost_is_the_houses(attempt: Attempt) -> None:
    queue_again(attempt)
    newer = factories.sent(attempt.request)
    for _ in range(2):
        outcomes.record_answer(attempt, factories.answer())
    assert house_paid(attempt.request) == factories.PRICE
    assert outcomes.record_answer(newer, factories.answer())
    storing.finish(attempt.request_id)
    assert now(attempt.request).hold.captured == factories.PRICE
    assert house_paid(attempt.request) == factories.PRICE
    assert audit.check_ledger().problems == []


def test_what_does_not_say_its_cost_costs_the_house_what_it_would_have_cost(
    attempt: Attempt,
) -> None:
    queue_again(attempt)
    newer = factories.sent(attempt.request)
    silent = factories.answer(usd=None)
    assert (
        settling.costs(attempt, providers.client("aimlapi").parse(silent))[0].source == "computed"
    )
    assert not outcomes.record_answer(attempt, silent)
    assert house_paid(attempt.request) == factories.PRICE
    assert outcomes.record_answer(newer, silent)
    storing.finish(attempt.request_id)
    assert house_paid(attempt.request) == factories.PRICE


def test_an_answer_after_its_request_was_given_up_is_the_houses(attempt: Attempt) -> None:
    assert settling.fail(request=now(attempt.request), attempt=attempt, code="unclear")
    assert not outcomes.record_answer(attempt, factories.answer())
    assert house_paid(attempt.request) == factories.PRICE


def test_an_answer_said_twice_is_charged_once() -> None:
    attempt = factories.answered()
    assert not outcomes.record_answer(attempt, factories.answer())
    storing.finish(attempt.request_id)
    assert not outcomes.record_answer(attempt, factories.answer())
    assert now(attempt.request).hold.captured == factories.PRICE
    assert house_paid(attempt.request) == 0


def test_a_late_refusal_ends_an_unconfirmed_request(attempt: Attempt) -> None:
    outcomes.record_error(attempt, error(Outcome.REJECTED, ErrorKind.INVALID))
    assert now(attempt.request).status == Status.FAILED
    assert audit.check_ledger().problems == []


def test_a_late_word_that_it_never_ran_queues_an_unconfirmed_request(attempt: Attempt) -> None:
    outcomes.record_error(attempt, error(Outcome.NOT_RUN, ErrorKind.CONNECTION))
    assert now(attempt.request).status == Status.QUEUED


@pytest.mark.parametrize("outcome", Outcome)
def test_a_late_error_leaves_a_newer_attempt_alone(attempt: Attempt, outcome: Outcome) -> None:
    queue_again(attempt)
    newer = factories.sent(attempt.request)
    outcomes.record_error(attempt, error(outcome))
    request = now(attempt.request)
    assert (request.status, request.fence) == (Status.SENDING, newer.fence)
    assert attempts(request)[1] == AttemptState.SENT


@pytest.mark.parametrize("outcome", Outcome)
def test_an_error_said_twice_changes_nothing_more(outcome: Outcome) -> None:
    attempt = factories.sent()
    outcomes.record_error(attempt, error(outcome))
    first = now(attempt.request)
    outcomes.record_error(attempt, error(outcome))
    assert now(attempt.request).status == first.status
    assert now(attempt.request).due_at == first.due_at


def test_a_nul_in_an_answer_does_not_lose_it() -> None:
    attempt = factories.sent()
    raw = factories.answer()
    with_nul = type(raw)(raw.status_code, raw.headers, raw.body + "\x00", raw.duration)
    assert outcomes.record_answer(attempt, with_nul)
    storing.finish(attempt.request_id)
    assert now(attempt.request).status == Status.SUCCEEDED


@pytest.mark.parametrize("outcome", Outcome)
def test_a_late_error_does_not_undo_an_answer(attempt: Attempt, outcome: Outcome) -> None:
    assert outcomes.record_answer(attempt, factories.answer(), hand_over=True)
    broke = error(outcome)
    broke.raw = RawAnswer(504, {}, "Gateway timeout", 1.0)
    outcomes.record_error(attempt, broke)
    assert attempts(attempt.request) == [AttemptState.ANSWERED]
    storing.finish(attempt.request_id)
    assert now(attempt.request).status == Status.SUCCEEDED
    assert now(attempt.request).hold.captured == factories.PRICE


def test_what_was_missed_before_an_answer_is_not_said_of_it(attempt: Attempt) -> None:
    assert now(attempt.request).error_code == "worker_died"
    assert outcomes.record_answer(attempt, factories.answer())
    assert now(attempt.request).error_code == ""
