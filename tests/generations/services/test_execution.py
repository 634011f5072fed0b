"""The paid call through the real client against the real sandbox; the fixture checks the books."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now

from accounts.models import EntryKind, HoldState, LedgerEntry
from generations import enqueue
from generations.models import Attempt, GenerationRequest, Status
from generations.providers.base import RawAnswer
from generations.services import claiming, execution, outcomes, providers
from tests.factories import PRICE
from tests.generations.services.provider import Provider
from tests.generations.services.steps import ask, house_paid, images, now, resume, run

# One image of each model that people ask for by name, in microcredits.
PRICES = {
    "flux-realism": 4_600_000,
    "flux-pro": 6_500_000,
    "flux/dev": 3_300_000,
    "blackforestlabs/flux-2": 1_560_000,
}


def test_there_is_nothing_to_run_without_a_request(provider: Provider) -> None:
    assert not execution.run_next()


def test_one_ticket_runs_all_that_wait(provider: Provider) -> None:
    waiting = [ask() for _ in range(3)]
    execution.run_waiting()
    assert {now(request).status for request in waiting} == {Status.SUCCEEDED}


def test_a_ticket_hands_on_what_is_too_much_for_its_turn(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [ask() for _ in range(3)]
    sent: list[bool] = []

    def send() -> bool:
        sent.append(True)
        return True

    monkeypatch.setattr(enqueue, "send_ticket", send)
    monkeypatch.setattr(execution, "IN_A_ROW", 2)
    execution.run_waiting()
    assert [now(one).status for one in waiting] == [Status.SUCCEEDED] * 2 + [Status.QUEUED]
    assert sent == [True]
    execution.run_waiting()
    assert now(waiting[2]).status == Status.SUCCEEDED
    assert sent == [True]


def test_a_slot_goes_on_while_no_message_can_be_sent(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [ask() for _ in range(3)]
    monkeypatch.setattr(enqueue, "send_ticket", lambda: False)
    monkeypatch.setattr(execution, "IN_A_ROW", 2)
    execution.run_waiting()
    assert {now(one).status for one in waiting} == {Status.SUCCEEDED}


def test_what_is_answered_does_not_wait_behind_what_is_to_be_sent(provider: Provider) -> None:
    left = ask()
    attempt = claiming.claim()
    assert attempt
    execution.send(attempt)
    GenerationRequest.objects.filter(pk=left.pk).update(lease_until=Now() - timedelta(seconds=1))
    waiting = [ask() for _ in range(2)]
    execution.run_waiting()
    assert {now(one).status for one in [left, *waiting]} == {Status.SUCCEEDED}


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
    client = providers.direct("aimlapi")
    held: list[bool] = []

    def generate(**call: Any) -> RawAnswer:
        held.append(connection.connection is not None)
        return type(client).generate(client, **call)

    monkeypatch.setattr(client, "generate", generate)
    assert run().status == Status.SUCCEEDED
    assert held == [False]


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


def test_an_answer_in_hand_outlives_a_server_that_only_reads_for_a_while(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    record = outcomes.record_answer

    def on_a_replica_at_first(attempt: Attempt, raw: RawAnswer) -> bool:
        tries.append(attempt.client_request_id)
        with connection.cursor() as cursor:
            only_reads = "on" if len(tries) == 1 else "off"
            cursor.execute(f"SET default_transaction_read_only = {only_reads}")
        return record(attempt, raw)

    monkeypatch.setattr(outcomes, "record_answer", on_a_replica_at_first)
    assert run().status == Status.SUCCEEDED
    assert len(tries) == 2


def test_an_answer_is_not_awaited_for_ever_by_a_database_that_stays_away(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise OperationalError

    monkeypatch.setattr(outcomes, "record_answer", refuse)
    monkeypatch.setattr(execution, "INSIST_SECONDS", 0.2)
    with pytest.raises(OperationalError):
        run()
