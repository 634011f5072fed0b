"""What fal, or who stands before it, says of a queued request, and how much of it is believed."""

import dataclasses
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

import pytest
from django.db.models.functions import Now

from accounts.models import HoldState
from generations.models import Circuit, GenerationRequest, Status
from generations.providers.base import RawAnswer
from generations.providers.fal_calls import Caller
from generations.providers.transport import Exchange
from generations.services import providers, requests, results
from tests.generations.services.provider import Provider
from tests.generations.services.queue_steps import (
    PRICE,
    REALISM,
    ask,
    look,
    look_until_over,
    store,
    submitted,
)
from tests.generations.services.steps import age, attempts, now, run


@contextmanager
def gateway(status: int, detail: str, *, but: str = "no address") -> Iterator[None]:
    """Somebody before fal answers in its place, except at addresses that hold `but`."""
    real = Caller.ask

    def asked(
        self: Caller, method: str, url: str, *, key: str, query: Mapping[str, str] | None = None
    ) -> tuple[Exchange, RawAnswer]:
        call, raw = real(self, method, url, key=key, query=query)
        if but in url:
            return call, raw
        broken = dataclasses.replace(call, status_code=status)
        return broken, RawAnswer(status, {}, f'{{"detail": "{detail}"}}', 0.1)

    with mock.patch.object(Caller, "ask", asked):
        yield


def open_circuit(because: str) -> None:
    Circuit.objects.create(provider="fal", model=REALISM, because=because, probe_at=Now())


def waiting(provider: Provider) -> GenerationRequest:
    """In fal's queue, and asked to be cancelled."""
    provider.fault("fal_wait", seconds=60)
    request = submitted()
    look(request)
    requests.cancel(request=request)
    return request


def cancel_and_die(request: GenerationRequest) -> None:
    providers.queue("fal").cancel(request.attempts.get().cancel_url)


def test_a_gateways_failure_is_asked_about_again(provider: Provider) -> None:
    request = submitted()
    time.sleep(1)  # until it is done
    with gateway(503, "Service Unavailable", but="/status"):
        assert look(request).status == Status.SUBMITTED
    request = store(look_until_over(request))
    assert (request.status, attempts(request)) == (Status.SUCCEEDED, ["answered"])
    assert request.hold.captured == PRICE == provider.charged()


def test_a_bare_failure_runs_again_where_the_queue_says_the_same(provider: Provider) -> None:
    provider.fault("fal_error", status=503)
    request = submitted()
    time.sleep(1)
    with gateway(503, "Service Unavailable", but="/status"):
        assert look(request).status == Status.QUEUED
    store(look_until_over(run(request)))


def test_one_404_is_not_the_end(provider: Provider) -> None:
    request = submitted()
    age(request, results.KEPT_FOR)
    with gateway(404, "Request not found"):
        assert look(request).status == Status.SUBMITTED
        assert now(request).error_code == results.GONE
    assert store(look_until_over(request)).status == Status.SUCCEEDED


def test_two_404s_with_a_sign_of_life_between_are_not_the_end(provider: Provider) -> None:
    provider.fault("fal_wait", seconds=1)
    request = submitted()
    age(request, results.KEPT_FOR)
    for _ in range(2):
        with gateway(404, "Request not found"):
            assert look(request).status == Status.SUBMITTED
        assert look(request).error_code == ""
    assert store(look_until_over(request)).status == Status.SUCCEEDED


def test_no_404_is_believed_while_a_result_would_be_kept(provider: Provider) -> None:
    request = submitted()
    with gateway(404, "Request not found"):
        for _ in range(3):
            assert look(request).status == Status.SUBMITTED
    age(request, results.KEPT_FOR - timedelta(minutes=1))
    assert store(look_until_over(request)).status == Status.SUCCEEDED


def test_a_cancel_that_was_not_written_down_is_found_out(provider: Provider) -> None:
    request = waiting(provider)
    cancel_and_die(request)
    request = look(request)
    assert (request.status, request.error_code) == (Status.CANCELLED, "")
    assert request.hold.state == HoldState.RELEASED
    assert attempts(request) == ["not_run"]
    assert provider.charged() == 0


def test_what_was_cancelled_and_forgotten_is_cancelled_at_the_second_look(
    provider: Provider,
) -> None:
    request = waiting(provider)
    cancel_and_die(request)
    with gateway(404, "Request not found"):
        assert look(request).status == Status.SUBMITTED
        request = look(request)
    assert (request.status, request.error_code) == (Status.CANCELLED, "")
    assert request.hold.state == HoldState.RELEASED


def test_what_fal_threw_away_unasked_has_failed(provider: Provider) -> None:
    provider.fault("fal_wait", seconds=60)
    request = submitted()
    cancel_and_die(request)
    request = look(request)
    assert (request.status, request.error_code) == (Status.FAILED, "server")


@pytest.mark.parametrize("because", ["connection", "no_credits", "timeout"])
def test_a_probe_that_fal_took_closes_its_circuit(provider: Provider, because: str) -> None:
    open_circuit(because)
    request = run(ask())
    assert not Circuit.objects.exists()
    look_until_over(request)


def test_a_circuit_of_failing_work_closes_once_work_is_done(provider: Provider) -> None:
    open_circuit("unavailable")
    request = run(ask())
    assert Circuit.objects.exists()
    look_until_over(request)
    assert not Circuit.objects.exists()


def test_a_probe_that_the_model_refused_closes_its_circuit(provider: Provider) -> None:
    provider.fault("fal_error", status=422, error_type="content_policy_violation")
    open_circuit("unavailable")
    assert look_until_over(run(ask())).status == Status.FAILED
    assert not Circuit.objects.exists()


def test_what_was_sent_before_it_opened_does_not_close_a_circuit(provider: Provider) -> None:
    request = submitted()
    open_circuit("unavailable")
    look_until_over(request)
    assert Circuit.objects.exists()
