from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import HoldState
from generations import batches, enqueue
from generations.errors import TooLateToCancel
from generations.models import Attempt, CostSource, GenerationRequest, Status
from generations.providers.base import Progress, Stage
from generations.services import execution, providers, queueing, reconciling, recovery, requests
from tests.generations.services.provider import Provider
from tests.generations.services.queue_steps import (
    PRICE,
    ask,
    look,
    look_until_gone,
    look_until_over,
    store,
    submitted,
)
from tests.generations.services.steps import age, attempts, house_paid, now, run

DAY = timedelta(hours=25)


def stage(request: GenerationRequest) -> str:
    (shown,) = batches.present(GenerationRequest.objects.as_batches().filter(pk=request.pk))
    return shown.stage


def attempt_of(request: GenerationRequest) -> Attempt:
    return request.attempts.get()


def test_a_request_is_queued_once_and_fals_own_addresses_are_kept(provider: Provider) -> None:
    request = submitted()
    attempt = attempt_of(request)
    (call,) = provider.calls()
    assert attempt.inference_id == call["inference_id"]
    base = f"{provider.running.url}/fal-ai/flux-realism/requests/{attempt.inference_id}"
    assert (attempt.status_url, attempt.response_url) == (f"{base}/status", base)
    assert attempt.cancel_url == f"{base}/cancel"
    assert attempts(request) == ["submitted"]
    assert request.lease_until is None


def test_fal_gets_no_more_than_it_may_have_and_a_place_is_handed_on_at_once(
    provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROVIDER_LIMITS = {"fal": (1, 0)}
    provider.fault("fal_wait", seconds=0.3)
    first, second = run(ask()), ask()
    ticket = mock.Mock(return_value=True)
    monkeypatch.setattr(enqueue, "send_ticket", ticket)
    assert not execution.run_next()
    assert look(first).status == Status.SUBMITTED
    assert ticket.call_count == 0
    look_until_over(first)
    assert ticket.call_count == 1
    assert execution.run_next()
    assert store(look_until_over(second)).status == Status.SUCCEEDED
    store(first)


def test_what_waits_says_its_place_and_what_is_made_the_models_last_word(
    provider: Provider,
) -> None:
    provider.fault("fal_wait", seconds=0.6, position=2)
    provider.fault("delay", seconds=0.6)
    request = submitted()
    assert stage(request) == "3rd in fal's queue"
    words = set()
    while now(request).status == Status.SUBMITTED:
        words.add(stage(look(request)))
    assert "Loading the model" in words


def test_a_finished_request_is_stored_and_charged_by_its_billable_units(
    provider: Provider,
) -> None:
    request = look_until_over(submitted(num_images=2, image_size={"width": 1536, "height": 1024}))
    assert (request.status, attempts(request)) == (Status.ANSWERED, ["answered"])
    request = store(request)
    assert request.status == Status.SUCCEEDED
    assert request.hold.captured == 4 * PRICE == provider.charged()
    attempt = attempt_of(request)
    assert (attempt.cost_native, attempt.cost_unit) == (4000, "millimegapixels")
    assert attempt.cost_source == CostSource.HEADER
    assert request.images.filter(status="stored").count() == 2


def test_without_billable_units_the_price_is_computed(provider: Provider) -> None:
    provider.fault("no_cost")
    request = store(look_until_over(submitted()))
    assert request.hold.captured == PRICE
    assert attempt_of(request).cost_source == CostSource.COMPUTED


def test_waiting_holds_no_lease_and_looks_come_ever_less_often(
    provider: Provider, settings: Settings
) -> None:
    provider.fault("fal_wait", seconds=60)
    request = submitted()
    for tries, seconds in ((1, 1), (2, 2), (12, 60)):
        GenerationRequest.objects.filter(pk=request.pk).update(due_at=Now(), tries=tries - 1)
        queueing.follow_due()
        waiting = now(request)
        assert waiting.tries == tries
        due = GenerationRequest.objects.filter(
            pk=request.pk, due_at__lte=Now() + timedelta(seconds=seconds)
        )
        assert due.exists()
    settings.WEBHOOK_ORIGIN = "https://darkroom.example"
    GenerationRequest.objects.filter(pk=request.pk).update(due_at=Now(), tries=0)
    queueing.follow_due()
    soon = GenerationRequest.objects.filter(due_at__lte=Now() + timedelta(seconds=25))
    assert not soon.exists()
    requests.cancel(request=request)
    look(request)


def test_a_request_that_was_looked_at_for_weeks_holds_no_other_look_up(provider: Provider) -> None:
    provider.fault("fal_wait", seconds=60, times=2)
    old, new = submitted(), submitted()
    GenerationRequest.objects.filter(pk=old.pk).update(tries=32_767)
    GenerationRequest.objects.update(due_at=Now())
    queueing.follow_due()
    assert [now(one).tries for one in (old, new)] == [1000, 1]
    for request in (old, new):
        requests.cancel(request=request)
        look(request)


def test_what_is_not_due_is_not_asked_about(provider: Provider) -> None:
    submitted()
    with CaptureQueriesContext(connection) as queries:
        queueing.follow_due()
    assert len([one for one in queries if "SELECT" in one["sql"]]) == 1


@pytest.mark.parametrize(
    ("error_type", "status", "code"),
    [
        ("content_policy_violation", 422, "refused"),
        ("image_too_large", 422, "too_large"),
        ("greater_than", 422, "invalid"),
    ],
)
def test_what_the_model_refuses_ends_uncharged(
    provider: Provider, error_type: str, status: int, code: str
) -> None:
    provider.fault("fal_error", status=status, error_type=error_type)
    request = look_until_over(submitted())
    assert (request.status, request.error_code) == (Status.FAILED, code)
    assert request.hold.state == HoldState.RELEASED
    assert attempts(request) == ["rejected"]


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"status": 503, "error_type": "runner_scheduling_failure"}, Status.QUEUED),
        ({"status": 500, "retryable": True}, Status.QUEUED),
        ({"status": 500, "retryable": False}, Status.FAILED),
    ],
)
def test_fals_own_failures_cost_nothing_and_run_again_where_fal_says_so(
    provider: Provider, how: dict[str, object], status: Status
) -> None:
    provider.fault("fal_error", **how)
    request = look_until_over(submitted())
    assert request.status == status
    assert provider.charged() == 0
    if status == Status.QUEUED:
        request = store(look_until_over(run(request)))
        assert request.status == Status.SUCCEEDED
        assert attempts(request) == ["not_run", "answered"]


def test_an_hour_in_fals_queue_is_no_hour_of_tries(provider: Provider) -> None:
    provider.fault("fal_error", status=503, error_type="runner_scheduling_failure")
    request = submitted()
    age(request, timedelta(hours=1))
    GenerationRequest.objects.filter(pk=request.pk).update(started_at=Now() - timedelta(hours=1))
    assert look_until_over(request).status == Status.QUEUED
    provider.fault("status", status=429, retry_after=0)
    assert run(request).status == Status.QUEUED


def test_what_fails_every_time_is_given_up(provider: Provider) -> None:
    provider.fault("fal_error", status=500, times=3)
    request = look_until_over(submitted())
    for _ in range(2):
        request = look_until_over(run(request))
    assert (request.status, request.error_code) == (Status.FAILED, "unavailable")
    assert len(provider.calls()) == 3


@pytest.mark.parametrize(
    ("status", "code"), [(404, "model_gone"), (403, "no_credits"), (422, "invalid")]
)
def test_a_refused_submit_ends_uncharged(provider: Provider, status: int, code: str) -> None:
    words = "User is locked. Reason: Exhausted balance." if status == 403 else "No such thing"
    provider.fault("status", status=status, message=words)
    request = run(ask())
    assert (request.status, request.error_code) == (Status.FAILED, code)


def test_a_busy_fal_is_asked_again_later(provider: Provider) -> None:
    provider.fault("status", status=429, retry_after=7)
    request = run(ask())
    assert (request.status, request.error_code) == (Status.QUEUED, "rate_limited")


def test_a_lost_submit_is_given_up_after_two_hours(connected: Provider) -> None:
    connected.fault("drop_after")
    request = run(ask())
    assert request.status == Status.UNCONFIRMED
    recovery.settle_unconfirmed()
    assert now(request).status == Status.UNCONFIRMED
    age(request, timedelta(hours=3))
    GenerationRequest.objects.update(due_at=Now())
    recovery.settle_unconfirmed()
    request = now(request)
    assert (request.status, request.error_code) == (Status.FAILED, "not_taken")
    assert request.hold.state == HoldState.RELEASED


def test_a_result_that_is_gone_is_lost_and_never_charged_to_the_team(provider: Provider) -> None:
    provider.fault("fal_gone", times=5)
    request = look_until_gone(submitted())
    assert (request.status, request.error_code) == (Status.FAILED, "lost")
    assert request.hold.captured == 0
    reconciling.run(of=["fal"])
    assert house_paid(request) == PRICE == provider.charged()


def test_what_waits_is_cancelled_once_fal_says_so(provider: Provider) -> None:
    provider.fault("fal_wait", seconds=60, position=1)
    request = submitted()
    assert requests.cancel(request=request) is False
    assert now(request).status == Status.SUBMITTED
    assert stage(request) == "Cancelling"
    request = look(request)
    assert request.status == Status.CANCELLED
    assert request.hold.state == HoldState.RELEASED
    assert provider.charged() == 0


def test_what_is_being_made_can_no_longer_be_cancelled(provider: Provider) -> None:
    provider.fault("delay", seconds=0.5)
    request = submitted()
    requests.cancel(request=request)
    request = look_until_over(request)
    assert request.status == Status.ANSWERED
    assert store(request).hold.captured == PRICE
    with pytest.raises(TooLateToCancel):
        requests.cancel(request=request)


def test_a_cancellation_that_fal_only_took_note_of_ends_nothing(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.fault("delay", seconds=0.5)
    request = submitted()
    requests.cancel(request=request)
    with monkeypatch.context() as before:  # As it was a moment ago: it is being made by now.
        waits = Progress(Stage.QUEUED, 0, "")
        before.setattr(providers.queue("fal"), "progress", lambda *_, **__: waits)
        assert look(request).status == Status.SUBMITTED
    assert store(look_until_over(request)).hold.captured == PRICE == provider.charged()


def test_what_fal_dropped_while_it_made_it_is_cancelled(provider: Provider) -> None:
    provider.fault("delay", seconds=0.5)
    provider.fault("fal_error", status=499, error_type="client_cancelled")
    request = submitted()
    requests.cancel(request=request)
    assert look(request).queue_position is None
    request = look_until_over(request)
    assert (request.status, request.hold.state) == (Status.CANCELLED, HoldState.RELEASED)


def test_a_queue_that_does_not_answer_is_asked_for_a_day(provider: Provider) -> None:
    provider.fault("fal_wait", seconds=60)
    request = submitted()
    Attempt.objects.update(status_url="http://127.0.0.1:9/nowhere")
    assert look(request).status == Status.SUBMITTED
    age(request, DAY)
    request = look(request)
    assert (request.status, request.error_code) == (Status.FAILED, "unclear")
    assert request.hold.state == HoldState.RELEASED
