"""What one provider does not take, another makes: once, within the hold, and only if allowed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import HoldState
from accounts.services import teams
from generations.models import Attempt, AttemptState, Circuit, GenerationRequest, Status
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import claiming, outcomes, recovery, requests
from generations.services.attempts import Attempts
from tests import factories, prices
from tests.generations.services import handing, queue_steps
from tests.generations.services.handing import HERE, PRICE_HERE, PRICE_THERE, THERE
from tests.generations.services.provider import Provider
from tests.generations.services.steps import attempts, look, make_due, now, run

pytestmark = pytest.mark.django_db

STAYS = (HERE, "aimlapi", "")


def where(request: GenerationRequest) -> tuple[str, str, str]:
    return request.model, request.provider, request.moved_from


def refuse(request: GenerationRequest, times: int = 1) -> GenerationRequest:
    """Let its provider say so often that it does not take it now."""
    for _ in range(times):
        make_due(request)
        attempt = claiming.claim()
        assert attempt is not None
        said = ProviderError("No.", outcome=Outcome.NOT_RUN, kind=ErrorKind.CONNECTION)
        outcomes.record_error(attempt, said)
    return now(request)


def finish_there(request: GenerationRequest) -> GenerationRequest:
    """Let fal make it."""
    run(request)
    queue_steps.look_until_over(request)
    return queue_steps.store(request)


def test_what_waits_before_an_open_circuit_is_made_elsewhere_and_charged_at_its_price(
    provider: Provider,
) -> None:
    asked = handing.ask()
    handing.shut()
    moved = handing.moved(asked)
    assert (moved.status, *where(moved)) == (Status.QUEUED, THERE, "fal", HERE)
    done = finish_there(moved)
    assert (done.status, done.hold.captured) == (Status.SUCCEEDED, PRICE_THERE)
    assert provider.charged() == PRICE_THERE
    assert len(provider.calls()) == 1
    assert done.would_have_cost == PRICE_HERE


def test_what_was_refused_three_times_is_made_elsewhere(provider: Provider) -> None:
    provider.fault("status", status=429, times=3)
    asked = handing.ask()
    for _ in range(2):
        assert where(handing.moved(run(asked))) == STAYS
    moved = handing.moved(run(asked))
    assert where(moved) == (THERE, "fal", HERE)
    done = finish_there(moved)
    assert attempts(done) == ["not_run", "not_run", "not_run", "answered"]
    assert [one.provider for one in done.attempts.all()] == ["aimlapi"] * 3 + ["fal"]
    assert provider.charged() == done.hold.captured == PRICE_THERE


def test_it_moves_from_fal_to_aiml_api_too(provider: Provider) -> None:
    asked = handing.ask(model=THERE)
    handing.shut(THERE, provider="fal")
    done = run(handing.moved(asked))
    assert (done.status, *where(done)) == (Status.SUCCEEDED, HERE, "aimlapi", THERE)
    assert provider.charged() == done.hold.captured == PRICE_HERE


def test_the_sweeper_moves_it() -> None:
    asked = handing.ask()
    handing.shut()
    recovery.sweep()
    assert where(now(asked)) == (THERE, "fal", HERE)


def test_what_was_chosen_goes_along() -> None:
    asked = handing.ask(num_inference_steps=33)
    handing.shut("")
    moved = handing.moved(asked)
    assert moved.params["num_inference_steps"] == 33
    assert moved.params["image_size"] == asked.params["image_size"]
    assert moved.price_version == prices.in_force(THERE)


def test_a_team_that_does_not_allow_it_waits() -> None:
    asked = factories.request(model=HERE)
    handing.shut()
    assert where(handing.moved(asked)) == STAYS


def test_a_team_that_does_not_allow_it_any_more_waits() -> None:
    team = handing.team()
    asked = handing.ask(team)
    teams.set_failover(by=factories.owner_of(team), team=team, allowed=False)
    handing.shut()
    assert where(handing.moved(asked)) == STAYS


def test_a_provider_that_takes_requests_keeps_them() -> None:
    asked = handing.ask()
    handing.shut("flux/dev")
    assert where(handing.moved(asked)) == STAYS


@pytest.mark.parametrize("shut", [("fal", THERE), ("fal", ""), ("", "")])
def test_nothing_moves_to_where_nothing_is_sent(shut: tuple[str, str]) -> None:
    asked = handing.ask()
    handing.shut()
    there = handing.shut(shut[1], provider=shut[0])
    assert where(handing.moved(asked)) == STAYS
    there.delete()
    assert where(handing.moved(asked)) == (THERE, "fal", HERE)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED}))
def test_only_what_nobody_can_have_accepted_is_moved(status: Status) -> None:
    asked = handing.ask()
    handing.shut()
    ended = Now() if status in {"succeeded", "failed", "cancelled"} else None
    GenerationRequest.objects.filter(pk=asked.pk).update(
        status=status, lease_until=Now(), finished_at=ended, tries=9
    )
    moved = handing.moved(asked)
    assert (moved.status, *where(moved)) == (status, *STAYS)


def test_what_may_have_run_is_settled_by_evidence_and_never_moved(provider: Provider) -> None:
    provider.fault("drop_after")
    asked = run(handing.ask())
    assert asked.status == Status.UNCONFIRMED
    handing.shut()
    assert where(handing.moved(asked)) == STAYS
    assert look(asked).error_code in {"lost", "absent", "timeout", "connection"}
    assert where(handing.moved(asked)) == STAYS


def test_what_a_provider_queued_is_never_moved(provider: Provider) -> None:
    provider.fault("fal_wait", seconds=1)
    asked = run(handing.ask(model=THERE))
    assert asked.status == Status.SUBMITTED
    handing.shut(THERE, provider="fal")
    assert handing.moved(asked).status == Status.SUBMITTED
    queue_steps.look_until_over(asked)
    assert where(queue_steps.store(asked)) == (THERE, "fal", "")


def test_what_costs_more_by_now_than_was_held_stays() -> None:
    asked = handing.ask()
    prices.enter(50_000_000, model=THERE)
    handing.shut()
    stays = handing.moved(asked)
    assert (*where(stays), stays.alternative) == (*STAYS, "")


def test_it_moves_once() -> None:
    asked = handing.ask()
    handing.shut()
    moved = handing.moved(asked)
    handing.shut(THERE, provider="fal")
    Circuit.objects.filter(provider="aimlapi").delete()
    assert where(handing.moved(moved)) == (THERE, "fal", HERE)


def test_the_other_provider_gets_as_many_tries_and_as_much_time() -> None:
    asked = handing.ask()
    GenerationRequest.objects.filter(pk=asked.pk).update(started_at=Now() - timedelta(minutes=29))
    moved = handing.moved(refuse(asked, 3))
    assert (moved.tries, moved.started_at) == (0, None)
    assert refuse(moved, 3).status == Status.QUEUED


def test_what_would_be_given_up_is_handed_over_instead() -> None:
    asked = refuse(handing.ask())
    GenerationRequest.objects.filter(pk=asked.pk).update(started_at=Now() - timedelta(hours=1))
    moved = refuse(asked)
    assert (moved.status, *where(moved)) == (Status.QUEUED, THERE, "fal", HERE)
    assert attempts(moved) == ["not_run", "not_run"]


def test_an_account_that_is_empty_is_told_of_and_its_request_made_elsewhere(
    provider: Provider,
) -> None:
    provider.fault("status", status=403)
    moved = run(handing.ask())
    assert (moved.status, *where(moved)) == (Status.QUEUED, THERE, "fal", HERE)
    assert [one.state for one in moved.attempts.all()] == [AttemptState.REJECTED]
    assert len(mail.outbox) == 1
    assert finish_there(moved).hold.captured == PRICE_THERE


def test_what_a_provider_refused_for_what_it_says_is_not_asked_of_another(
    provider: Provider,
) -> None:
    provider.fault("status", status=400, message="Blocked by our content_policy")
    refused = run(handing.ask())
    assert (refused.status, *where(refused)) == (Status.FAILED, *STAYS)
    assert refused.hold.state == HoldState.RELEASED


def test_the_same_key_still_means_the_same_request() -> None:
    team, key = handing.team(), uuid4()
    asked = factories.request(of=team, model=HERE, key=key)
    handing.shut()
    assert where(handing.moved(asked)) == (THERE, "fal", HERE)
    assert factories.request(of=team, model=HERE, key=key).pk == asked.pk


def test_calls_that_moved_on_still_count_against_who_refused_them() -> None:
    team = handing.team()
    moved = handing.moved(refuse(handing.ask(team), 3))
    requests.cancel(request=moved)
    refuse(handing.ask(team), 1)
    assert not Circuit.objects.exists()
    refuse(handing.ask(team), 1)
    opened = Circuit.objects.get()
    assert (opened.provider, opened.model) == ("aimlapi", HERE)


def test_each_providers_bill_is_laid_beside_its_own_calls(provider: Provider) -> None:
    provider.fault("status", status=429, times=3)
    asked = handing.ask()
    for _ in range(3):
        run(asked)
    finish_there(handing.moved(asked))
    since, until = timezone.now() - timedelta(hours=1), timezone.now()
    counted = {
        name: len(Attempts.load(name, [], since=since, until=until).every)
        for name in ("aimlapi", "fal")
    }
    assert counted == {"aimlapi": 3, "fal": 1}


def test_an_attempt_that_old_code_writes_names_its_provider() -> None:
    asked = factories.request(model=THERE)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO generations_attempt (id, request_id, number, fence, client_request_id,"
            " state, error_kind, error_message, inference_id, cost_unit, cost_source, raw_headers,"
            " raw_body) VALUES (%s, %s, 1, 1, 'x', 'sent', '', '', '', '', '', '{}', '')",
            [uuid4(), asked.pk],
        )
    assert Attempt.objects.get().provider == "fal"


def test_a_model_that_left_the_catalog_moves_nothing() -> None:
    asked = handing.ask()
    GenerationRequest.objects.filter(pk=asked.pk).update(model="flux/gone", tries=9)
    assert where(handing.moved(asked)) == ("flux/gone", "aimlapi", "")
