"""What holds a person back on the pages holds their programs back too."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Period, Role
from accounts.services import budgets, role_limits
from accounts.services.role_limits import Most
from generations.models import GenerationRequest, Verdict
from generations.services import approvals
from tests import factories
from tests.generations.api.caller import Caller, error

pytestmark = pytest.mark.django_db

KEY = {"Idempotency-Key": "order 17"}


def limited(caller: Caller, most: Most) -> None:
    owner = factories.owner_of(caller.team)
    role_limits.set_limits(by=owner, team=caller.team, limits={Role.MEMBER: most})


def approved_above(caller: Caller, amount: int) -> None:
    caller.team.approval_above = amount
    caller.team.save()


def test_a_limit_of_the_token_is_kept(caller: Caller) -> None:
    owner = factories.owner_of(caller.team)
    amount = factories.PRICE + 1
    budgets.set_limit(
        by=owner, team=caller.team, token=caller.token, period=Period.DAY, amount=amount
    )
    caller.asked()

    answer = caller.ask()

    assert answer.status_code == 402
    assert error(answer)["code"] == "limit_reached"
    assert "Nightly" in error(answer)["message"]
    assert Caller.of(caller.token.user, caller.team).ask().status_code == 202


def test_too_many_at_once_are_refused(caller: Caller) -> None:
    limited(caller, Most(most_open=1))
    caller.asked()

    answer = caller.ask()

    assert answer.status_code == 429
    assert error(answer)["code"] == "too_many_open"
    assert answer["Retry-After"] == "30"
    assert GenerationRequest.objects.count() == 1


def test_a_full_queue_says_that_it_cost_nothing_and_when_to_come_back(
    caller: Caller, settings: Settings
) -> None:
    settings.TEAM_QUEUE_LIMIT = 1
    caller.asked()

    answer = caller.ask()

    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    assert error(answer)["code"] == "queue_full"
    assert error(answer)["message"].count("Not charged.") == 1


@pytest.mark.parametrize("dry", [True, False])
def test_more_images_than_the_role_may_ask_for_are_refused(caller: Caller, dry: bool) -> None:
    limited(caller, Most(most_images=2))

    answer = caller.ask(n=3, dry_run=dry)

    assert answer.status_code == 400
    assert error(answer)["param"] == "n"


def test_what_needs_approval_waits_for_it_with_its_hold(caller: Caller) -> None:
    approved_above(caller, 1)

    dry = caller.ask(dry_run=True).json()
    answer = caller.ask()

    assert dry["needs_approval"] is True
    assert answer.status_code == 202
    assert answer.json()["status"] == "awaiting_approval"
    assert answer.json()["credits"]["held"] == "3.3"


def test_what_was_declined_says_so_and_why(caller: Caller) -> None:
    approved_above(caller, 1)
    approvals.decide(
        by=factories.owner_of(caller.team),
        request=caller.asked(KEY),
        verdict=Verdict.DECLINED,
        words="Not this month",
    )

    answer = caller.ask(KEY)

    assert answer.status_code == 403
    assert error(answer)["code"] == "declined"
    assert "Not this month" in error(answer)["message"]
    assert "Not charged." in error(answer)["message"]


def test_a_token_that_ran_out_asks_for_nothing_more(caller: Caller) -> None:
    caller.token.expires_at = timezone.now() - timedelta(seconds=1)
    caller.token.save()
    assert caller.ask().status_code == 401
