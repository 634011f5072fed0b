"""The paid call through the real client against the real sandbox; the fixture checks the books."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import EntryKind, HoldState, LedgerEntry
from generations.models import Attempt, GenerationRequest, Status
from generations.providers.base import RawAnswer
from generations.services import execution, outcomes, providers
from tests import factories
from tests.generations.services.provider import Provider
from tests.generations.services.steps import (
    ask,
    attempts,
    house_paid,
    images,
    look,
    resume,
    run,
)

# One image of each model that people ask for by name, in microcredits.
PRICES = {
    "flux-realism": 4_600_000,
    "flux-pro": 6_500_000,
    "flux/dev": 3_300_000,
    "blackforestlabs/flux-2": 1_560_000,
}
PRICE = PRICES[factories.MODEL]


def test_there_is_nothing_to_run_without_a_request(provider: Provider) -> None:
    assert not execution.run_next()


@pytest.mark.parametrize("model", PRICES)
def test_a_request_becomes_a_stored_image_at_its_price(provider: Provider, model: str) -> None:
    request = run(ask(model=model))
    image = request.images.get()
    assert request.status == Status.SUCCEEDED
    assert request.hold.captured == provider.charged() == PRICES[model]
    assert (image.width, image.height) == (512, 512)
    assert image.size > 0


def test_what_is_sent_is_the_recipe_and_nothing_else(provider: Provider) -> None:
    request = run()
    attempt = request.attempts.get()
    (call,) = provider.calls()
    assert call["client_request_id"] == attempt.client_request_id == f"{request.pk}.1"
    assert call["inference_id"] == attempt.inference_id
    assert (attempt.cost_nano_usd, attempt.cost_source) == (33_000_000, "header")


def test_several_images_are_one_call_and_one_charge(provider: Provider) -> None:
    request = run(ask(num_images=4))
    assert images(request) == ["stored"] * 4
    assert len({image.digest for image in request.images.all()}) == 4
    assert request.hold.captured == 4 * PRICE
    assert len(provider.calls()) == 1


def test_an_images_seed_is_kept(provider: Provider) -> None:
    assert run(ask(seed=2**31)).images.get().seed == 2**31


@pytest.mark.parametrize("shape", ["A", "B", "C", "D", "E", "b64"])
def test_every_shape_of_an_answer_is_stored(provider: Provider, shape: str) -> None:
    provider.fault("shape", shape=shape)
    request = run(ask(num_images=2))
    assert request.status == Status.SUCCEEDED
    assert images(request) == ["stored"] * 2


def test_no_connection_is_held_while_the_provider_works(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = providers.client("aimlapi")
    held: list[bool] = []

    def generate(**call: Any) -> RawAnswer:
        held.append(connection.connection is not None)
        return type(client).generate(client, **call)

    monkeypatch.setattr(client, "generate", generate)
    assert run().status == Status.SUCCEEDED
    assert held == [False]


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
    client = providers.client("aimlapi")

    def break_off(**call: Any) -> RawAnswer:
        type(client).generate(client, **call)
        raise MemoryError

    monkeypatch.setattr(client, "generate", break_off)
    request = run()
    assert request.status == Status.UNCONFIRMED
    assert house_paid(look(request)) == PRICE


# Answers that hold less than what was asked for.


def test_fewer_images_than_asked_for_cost_what_came(provider: Provider) -> None:
    provider.fault("fewer", images=3)
    request = run(ask(num_images=4))
    assert images(request) == ["stored"] * 3
    assert request.hold.captured == 3 * PRICE
    assert house_paid(request) == 0


def test_an_answer_without_images_is_the_houses_loss(provider: Provider) -> None:
    provider.fault("empty")
    request = run()
    assert (request.status, request.error_code) == (Status.FAILED, "unreadable")
    assert house_paid(request) == PRICE


@pytest.mark.parametrize(("charged", "loss"), [(True, PRICE), (False, 0)])
def test_what_garbage_cost_is_read_in_the_log(
    provider: Provider, *, charged: bool, loss: int
) -> None:
    provider.fault("garbage", charged=charged)
    request = run()
    assert (request.status, request.error_code) == (Status.FAILED, "unreadable")
    assert request.hold.state == HoldState.RELEASED
    assert house_paid(request) == loss


def test_garbage_waits_for_a_log_that_is_away(provider: Provider) -> None:
    provider.fault("garbage")
    provider.fault("logs_status", status=503)
    request = run()
    assert request.status == Status.ANSWERED
    assert house_paid(resume(request)) == PRICE


def test_an_answer_that_does_not_say_its_cost_costs_our_price(provider: Provider) -> None:
    provider.fault("no_cost")
    request = run(ask(num_images=2))
    assert request.hold.captured == 2 * PRICE
    assert request.attempts.get().cost_source == "computed"


def test_a_cost_above_the_hold_is_the_teams_as_far_as_it_has_credits(provider: Provider) -> None:
    provider.fault("cost", credits=100_000)
    request = run()
    assert request.hold.captured == request.hold.amount == PRICE
    (above,) = LedgerEntry.objects.filter(hold=request.hold_id, kind=EntryKind.OVERRUN)
    assert (above.debit.team, above.amount) == (request.team, 5_000_000 - PRICE)
    assert house_paid(request) == 0


def test_a_cost_below_the_hold_gives_the_rest_back(provider: Provider) -> None:
    provider.fault("cost", credits=10_000)
    request = run()
    assert request.hold.captured == 500_000
    assert request.status == Status.SUCCEEDED


def test_an_image_for_nothing_is_kept_and_not_charged(provider: Provider) -> None:
    provider.fault("cost", credits=0)
    request = run()
    assert request.status == Status.SUCCEEDED
    assert request.hold.state == HoldState.RELEASED


def test_a_picture_that_the_safety_filter_blacked_out_is_not_charged(provider: Provider) -> None:
    provider.fault("blocked")
    request = run()
    assert (request.status, request.error_code) == (Status.FAILED, "blocked")
    assert images(request) == ["blocked"]
    assert house_paid(request) == PRICE


@pytest.mark.parametrize("shape", ["D", "b64"])
def test_a_black_picture_is_known_without_its_flag(provider: Provider, shape: str) -> None:
    provider.fault("blocked", shape=shape)
    assert run(ask(model="flux-realism")).error_code == "blocked"


# The answer is written whatever happens to the database meanwhile.


def test_an_answer_in_hand_outlives_the_databases_connection(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: list[str] = []
    record = outcomes.record_answer

    def over_a_broken_connection(attempt: Attempt, raw: RawAnswer) -> bool:
        if not broken:
            broken.append("once")
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return record(attempt, raw)

    monkeypatch.setattr(outcomes, "record_answer", over_a_broken_connection)
    assert run().status == Status.SUCCEEDED
    assert broken == ["once"]


def test_an_answer_is_not_awaited_for_ever_by_a_database_that_stays_away(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise OperationalError

    monkeypatch.setattr(outcomes, "record_answer", refuse)
    monkeypatch.setattr(execution, "INSIST_SECONDS", 0.2)
    with pytest.raises(OperationalError):
        run()
