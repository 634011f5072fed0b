import pytest

from accounts.models import Period
from accounts.services import budgets, ledger
from generations.models import GenerationRequest
from tests import factories
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
