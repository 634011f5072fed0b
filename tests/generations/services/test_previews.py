"""What a person is told before they press."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ApiToken, Period, Team, User
from accounts.services import budgets, teams, tokens
from generations import catalog
from generations.models import GenerationRequest
from generations.services import previews
from generations.services.previews import Preview
from tests import factories
from tests.factories import CREDIT, PRICE

pytestmark = pytest.mark.django_db

DEV = catalog.get_model(factories.MODEL)


@pytest.fixture
def team() -> Team:
    return factories.team(amount=20 * CREDIT)


@pytest.fixture
def member(team: Team) -> User:
    return factories.member(team)


def preview(team: Team, by: User, *, token: ApiToken | None = None, **params: int) -> Preview:
    membership = teams.membership_of(by, team)
    means = previews.means(by=by, membership=membership, models=[DEV], token=token)
    return means.preview(DEV, catalog.draft(DEV, params))


def limit(team: Team, credits_: int, period: Period = Period.MONTH, **whose: Any) -> None:
    owner = factories.owner_of(team)
    budgets.set_limit(by=owner, team=team, period=period, amount=credits_ * CREDIT, **whose)


def test_the_amount_is_what_is_held(team: Team, member: User) -> None:
    shown = preview(team, member, num_images=3)
    made = factories.request(of=team, by=member, params={"num_images": 3})
    assert shown.amount == made.hold.amount
    assert shown.available == 20 * CREDIT
    assert preview(team, member).available == 20 * CREDIT - shown.amount


def test_what_is_missing_is_counted(team: Team, member: User) -> None:
    factories.request(of=team, by=member, params={"num_images": 4})
    shown = preview(team, member, num_images=3)
    assert shown.missing == 7 * PRICE - 20 * CREDIT
    assert preview(team, member).missing == 0


def test_the_limit_that_refuses_is_named(team: Team, member: User) -> None:
    limit(team, 15)
    limit(team, 5, member=member)
    shown = preview(team, member, num_images=2)
    assert shown.refused_by
    assert shown.refused_by.left == 5 * CREDIT
    assert shown.over_by == 2 * PRICE - 5 * CREDIT
    assert preview(team, member).refused_by is None


def test_the_fullest_limits_of_the_person_and_of_the_team_are_told(
    team: Team, member: User
) -> None:
    limit(team, 10, Period.WEEK, member=member)
    limit(team, 100, member=member)
    limit(team, 1000, Period.TOTAL)
    factories.request(of=team, by=member, params={"num_images": 2})
    assert [room.told for room in preview(team, member).told] == [
        "66 % of your weekly limit is used: 3.4 credits left until Monday",
        "The team's limit leaves 993.4 credits",
    ]


def test_a_tokens_limit_counts_for_what_comes_by_it(team: Team, member: User) -> None:
    token, _ = tokens.create(by=member, team=team, name="Nightly")
    budgets.set_limit(
        by=factories.owner_of(team), team=team, token=token, period=Period.DAY, amount=1
    )
    shown = preview(team, member, token=token)
    assert shown.refused_by
    assert shown.refused_by.budget.token == token
    assert preview(team, member).refused_by is None


def test_the_usual_time_is_the_models_until_the_team_has_its_own(team: Team) -> None:
    assert previews.usual_seconds(team, [DEV])[DEV.id] == DEV.typical_seconds
    made = factories.succeeded(factories.request(of=team))
    ended = timezone.now()
    began = ended - timedelta(seconds=42)
    GenerationRequest.objects.filter(pk=made.pk).update(started_at=began, finished_at=ended)
    assert previews.usual_seconds(team, [DEV])[DEV.id] == 42
