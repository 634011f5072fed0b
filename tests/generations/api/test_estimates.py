import pytest

from accounts.models import Period
from accounts.services import budgets, ledger, teams
from generations.models import GenerationRequest
from generations.services import failover
from tests import factories, prices
from tests.generations.api.caller import Caller, error

pytestmark = pytest.mark.django_db


def test_a_dry_run_says_exactly_what_would_be_held(caller: Caller) -> None:
    answer = caller.ask(dry_run=True, n=4, size="2048x2048")
    assert answer.status_code == 400  # flux/dev does not grow so large

    answer = caller.ask(dry_run=True, n=4, size="1536x1536")
    cost = answer.json()["cost"]
    request = caller.asked(n=4, size="1536x1536")

    assert answer.status_code == 200
    assert request.hold.amount == round(float(cost) * factories.CREDIT)


def test_a_dry_run_holds_and_makes_nothing(caller: Caller) -> None:
    body = caller.ask({"Idempotency-Key": "17"}, dry_run=True).json()

    assert body["dry_run"] is True
    assert body["enough"] is True
    assert body["available"] == "1000"
    assert "room" not in body
    assert ledger.balance(team=caller.team).held == 0
    assert not GenerationRequest.objects.exists()


def test_a_dry_run_says_what_a_limit_leaves(caller: Caller) -> None:
    budgets.set_limit(
        by=factories.owner_of(caller.team),
        team=caller.team,
        member=caller.token.user,
        model="",
        period=Period.DAY,
        amount=5 * factories.CREDIT,
    )

    body = caller.ask(dry_run=True, n=2).json()

    assert body["enough"] is False
    assert body["room"]["left"] == "5"
    assert "a day" in body["room"]["limit"]


def test_a_dry_run_of_what_cannot_be_made_is_refused_as_the_real_one(caller: Caller) -> None:
    answer = caller.ask(dry_run=True, n=9)
    assert answer.status_code == 400
    assert error(answer)["param"] == "n"


def test_models_are_listed_with_their_price_in_credits(caller: Caller) -> None:
    listed = {model["id"]: model for model in caller.get("/v1/models").json()["data"]}

    assert listed[factories.MODEL]["pricing"] == {
        "unit": "credits",
        "image": "3.3",
        "counted_by": "image",
    }
    assert "image_size" in listed[factories.MODEL]["parameters"]


def test_a_dry_run_says_what_the_other_provider_would_take(caller: Caller) -> None:
    prices.enter(50_000_000, model="fal-ai/flux/dev")
    assert "elsewhere" not in caller.ask(dry_run=True).json()
    teams.set_failover(by=factories.owner_of(caller.team), team=caller.team, allowed=True)
    body = caller.ask(dry_run=True).json()
    assert (body["cost"], body["elsewhere"]) == ("5", {"model": "fal-ai/flux/dev", "cost": "5"})


def test_an_answer_says_which_model_was_asked_and_which_may_make_it(caller: Caller) -> None:
    teams.set_failover(by=factories.owner_of(caller.team), team=caller.team, allowed=True)
    body = caller.ask().json()
    assert (body["model"], body["asked_model"]) == ("flux/dev", "flux/dev")
    assert body["alternative"] == "fal-ai/flux/dev"
    GenerationRequest.objects.update(tries=3)
    failover.move_over()
    moved = caller.get(body["look"].removeprefix("http://testserver")).json()
    assert (moved["model"], moved["asked_model"]) == ("fal-ai/flux/dev", "flux/dev")
    assert "alternative" not in moved
