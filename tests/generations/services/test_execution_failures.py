"""Calls that the provider refused, that never ran, or of which nobody knows."""

import math
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from accounts.models import HoldState
from generations import catalog
from generations.models import Circuit, GenerationRequest, Status
from generations.providers.base import RawAnswer
from generations.services import execution, providers
from tests import factories
from tests.factories import PRICE
from tests.generations.services.provider import Provider
from tests.generations.services.steps import ask, attempts, house_paid, look, now, run

# Refused for good: nothing ran, nothing is charged, nothing is sent again.


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "invalid"), (403, "no_credits"), (404, "model_gone"), (413, "too_large")],
)
def test_a_refusal_ends_the_request_uncharged(provider: Provider, status: int, code: str) -> None:
    provider.fault("status", status=status)
    request = run()
    assert (request.status, request.error_code) == (Status.FAILED, code)
    assert request.hold.state == HoldState.RELEASED
    assert attempts(request) == ["rejected"]


def test_a_refused_key_fails_requests_and_tells_the_owner_once(
    provider: Provider, settings: Settings
) -> None:
    settings.AIMLAPI_KEY = "invalid-key"
    providers.client.cache_clear()
    team = factories.team()
    for _ in range(2):
        Circuit.objects.update(probe_at=Now())
        request = run(factories.request(of=team, by=factories.member(team)))
        assert (request.status, request.error_code) == (Status.FAILED, "unauthorized")
        assert request.hold.state == HoldState.RELEASED
    (told,) = mail.outbox
    assert told.to == [factories.owner_of(team).email]
    assert "invalid-key" not in told.body


def test_a_missing_key_fails_requests_without_a_call(
    provider: Provider, settings: Settings
) -> None:
    settings.AIMLAPI_KEY = ""
    providers.client.cache_clear()
    request = run()
    assert (request.status, request.error_code) == (Status.FAILED, "unauthorized")
    assert len(mail.outbox) == 1
    assert provider.calls() == []


@pytest.mark.parametrize(
    ("message", "code"),
    [(None, "no_credits"), ("This key may not use the model", "forbidden")],
)
def test_a_refused_account_is_told_to_the_owner(
    provider: Provider, message: str | None, code: str
) -> None:
    words = {"message": message} if message else {}
    provider.fault("status", status=403, **words)
    request = run()
    assert (request.status, request.error_code) == (Status.FAILED, code)
    assert [message.to for message in mail.outbox] == [[request.user.email]]


def test_a_refusal_that_names_the_safety_filter_is_told_as_one(provider: Provider) -> None:
    provider.fault("status", status=400, message="Blocked by our content_policy")
    request = run()
    assert (request.status, request.error_code) == (Status.FAILED, "refused")
    assert mail.outbox == []


def test_a_model_that_left_the_catalog_fails_what_waited_for_it_and_opens_no_circuit(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [ask(), ask()]
    for name in ("ALIASES", "MODELS"):
        left = {key: one for key, one in getattr(catalog, name).items() if key != factories.MODEL}
        monkeypatch.setattr(catalog, name, left)
    assert [execution.run_next() for _ in range(3)] == [True, True, False]
    for request in map(now, waiting):
        assert (request.status, request.error_code) == (Status.FAILED, "model_gone")
        assert request.hold.state == HoldState.RELEASED
    assert not Circuit.objects.exists()
    assert provider.calls() == []


@pytest.mark.parametrize("model", [factories.MODEL, "fal-ai/flux-realism"])
def test_what_no_json_can_say_was_not_sent(provider: Provider, model: str) -> None:
    asked = factories.request(model=model)
    with mock.patch.object(catalog, "payload", return_value={"model": model, "seed": math.nan}):
        request = run(asked)
    assert (request.status, request.error_code) == (Status.FAILED, "invalid")
    assert provider.calls() == []


# Provably never ran: queued again, and sent again when it is due.


def test_too_many_calls_wait_as_long_as_the_provider_asks(provider: Provider) -> None:
    provider.fault("status", status=429, retry_after=7)
    request = run()
    assert (request.status, request.error_code) == (Status.QUEUED, "rate_limited")
    assert request.due_at > timezone.now() + timedelta(seconds=5)
    assert request.hold.state == HoldState.PENDING
    assert not execution.run_next()
    assert run(request).status == Status.SUCCEEDED
    assert attempts(request) == ["not_run", "answered"]


def test_a_provider_that_cannot_be_reached_is_tried_again(
    provider: Provider, settings: Settings
) -> None:
    reachable = settings.AIMLAPI_BASE_URL
    settings.AIMLAPI_BASE_URL = "http://127.0.0.1:9"
    providers.client.cache_clear()
    request = run()
    assert (request.status, request.error_code) == (Status.QUEUED, "connection")
    settings.AIMLAPI_BASE_URL = reachable
    providers.client.cache_clear()
    assert run(request).status == Status.SUCCEEDED


def test_a_503_that_says_it_never_started_is_tried_again(provider: Provider) -> None:
    provider.fault("status", status=503, message="The request was not started")
    request = run()
    assert (request.status, request.error_code) == (Status.QUEUED, "unavailable")
    assert run(request).status == Status.SUCCEEDED


@pytest.mark.parametrize("tries", [19, 20])
def test_after_twenty_tries_it_fails_uncharged(provider: Provider, tries: int) -> None:
    provider.fault("status", status=429)
    request = ask()
    GenerationRequest.objects.filter(pk=request.pk).update(tries=tries)
    ended = run(request)
    assert (ended.status == Status.FAILED) is (tries == 20)
    assert ended.error_code == "rate_limited"
    assert (ended.hold.state == HoldState.RELEASED) is (tries == 20)


def test_half_an_hour_of_tries_is_enough(provider: Provider) -> None:
    provider.fault("status", status=429, times=2)
    request = run()
    long_ago = timezone.now() - timedelta(minutes=31)
    GenerationRequest.objects.filter(pk=request.pk).update(started_at=long_ago)
    assert run(request).status == Status.FAILED


def test_a_long_wait_in_the_queue_is_not_counted_as_tries(provider: Provider) -> None:
    provider.fault("status", status=429)
    request = ask()
    long_ago = timezone.now() - timedelta(hours=2)
    GenerationRequest.objects.filter(pk=request.pk).update(created_at=long_ago)
    assert run(request).status == Status.QUEUED


# What may have run is never sent again by itself: the provider's log decides.

UNCLEAR: list[dict[str, Any]] = [
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 502},
    {"fault": "status", "status": 503},
    {"fault": "status", "status": 504},
    {"fault": "status", "status": 524},
]

NAMES = [str(rule["status"]) for rule in UNCLEAR]


@pytest.mark.parametrize("rule", UNCLEAR, ids=NAMES)
def test_a_failure_that_may_have_run_waits_for_evidence(
    provider: Provider, rule: dict[str, Any]
) -> None:
    provider.fault(**rule)
    request = run()
    assert request.status == Status.UNCONFIRMED
    assert attempts(request) == ["unknown"]
    assert request.hold.state == HoldState.PENDING
    assert not execution.run_next()


@pytest.mark.parametrize("rule", UNCLEAR, ids=NAMES)
def test_a_failure_that_the_log_says_was_free_is_sent_again(
    provider: Provider, rule: dict[str, Any]
) -> None:
    provider.fault(**rule)
    request = look(run())
    assert request.status == Status.QUEUED
    assert run(request).status == Status.SUCCEEDED
    assert attempts(request) == ["not_run", "answered"]


LOST: list[dict[str, Any]] = [
    *({**rule, "charged": True} for rule in UNCLEAR),
    {"fault": "drop_after"},
    {"fault": "drop_after", "partial": True},
]


@pytest.mark.parametrize("rule", LOST, ids=[*NAMES, "cut", "cut in the middle"])
def test_a_failure_that_the_log_says_was_charged_is_the_houses_loss(
    provider: Provider, rule: dict[str, Any]
) -> None:
    provider.fault(**rule)
    request = run()
    assert request.status == Status.UNCONFIRMED
    request = look(request)
    assert (request.status, request.error_code) == (Status.FAILED, "lost")
    assert request.hold.state == HoldState.RELEASED
    assert house_paid(request) == PRICE
    assert attempts(request) == ["lost"]


def test_a_call_dropped_before_the_work_is_sent_again(provider: Provider) -> None:
    provider.fault("drop_before", logged=True)
    request = run()
    assert request.status == Status.UNCONFIRMED
    assert run(look(request)).status == Status.SUCCEEDED


def test_an_answer_that_drips_ends_at_the_deadline(provider: Provider, settings: Settings) -> None:
    settings.PROVIDER_DEADLINE = 0.6
    providers.client.cache_clear()
    provider.fault("drip", rate=20)
    request = run()
    assert (request.status, request.error_code) == (Status.UNCONFIRMED, "timeout")
    assert house_paid(look(request)) == PRICE


def test_a_fault_of_ours_during_the_call_proves_nothing(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = providers.direct("aimlapi")

    def break_off(**call: Any) -> RawAnswer:
        type(client).generate(client, **call)
        raise MemoryError

    monkeypatch.setattr(client, "generate", break_off)
    request = run()
    assert request.status == Status.UNCONFIRMED
    assert house_paid(look(request)) == PRICE
