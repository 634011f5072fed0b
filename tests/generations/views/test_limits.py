import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Budget, Period, Role
from accounts.services import budgets
from generations.models import GenerationRequest
from tests import factories
from tests.generations.views.studio import Studio, browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(studio: Studio) -> Client:
    return browser(factories.owner_of(studio.team))


def set_limit(studio: Studio, amount: int) -> Budget:
    return budgets.set_limit(
        by=factories.owner_of(studio.team),
        team=studio.team,
        member=None,
        model="",
        period=Period.MONTH,
        amount=amount,
    )


def test_an_owner_limits_a_member_on_a_model(owner: Client, studio: Studio) -> None:
    form = {"member": studio.author.pk, "model": "flux/dev", "amount": "12.5", "period": "week"}
    assert owner.post(reverse("team-limits"), form).status_code == 302
    budget = Budget.objects.get()
    assert (budget.member, budget.model, budget.amount) == (studio.author, "flux/dev", 12_500_000)
    page = owner.get(reverse("team-limits")).content.decode()
    assert "12.5 a week" in page
    assert "FLUX.1 [dev]" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("amount", "", "This field is required"),
        ("amount", "-1", "greater than or equal to 0"),
        ("amount", "many", "Enter a number"),
        ("model", "nope", "not one of the available choices"),
        ("period", "year", "not one of the available choices"),
    ],
)
def test_bad_input_is_said_beside_its_field(
    owner: Client, field: str, value: str, words: str
) -> None:
    form = {"amount": "5", "period": "day", "model": "", field: value}
    response = owner.post(reverse("team-limits"), form)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Budget.objects.exists()


def test_a_stranger_cannot_be_limited(owner: Client) -> None:
    form = {"member": factories.user().pk, "amount": "5", "period": "day"}
    assert owner.post(reverse("team-limits"), form).status_code == 422


def test_a_limit_is_ended(owner: Client, studio: Studio) -> None:
    budget = set_limit(studio, 1)
    owner.post(reverse("limit-end", args=[budget.pk]))
    assert "Nobody is limited" in owner.get(reverse("team-limits")).content.decode()


def test_another_teams_limit_is_not_found(owner: Client) -> None:
    other = factories.team()
    foreign = budgets.set_limit(
        by=factories.owner_of(other),
        team=other,
        member=None,
        model="",
        period=Period.DAY,
        amount=1,
    )
    assert owner.post(reverse("limit-end", args=[foreign.pk])).status_code == 404


def test_an_admin_of_the_team_may_not_set_limits(studio: Studio) -> None:
    admin = browser(factories.member(studio.team, Role.ADMIN))
    assert admin.get(reverse("team-limits")).status_code == 403


def test_what_is_over_a_limit_is_refused_in_words_and_keeps_the_prompt(studio: Studio) -> None:
    set_limit(studio, 1_000_000)
    form = {
        "team": studio.team.slug,
        "model": "flux/dev",
        "prompt": "A lighthouse",
        "visibility": "team",
        "idempotency_key": "0192f000-0000-7000-8000-000000000001",
    }
    response = browser(studio.author).post(reverse("create"), form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "limit is 1 credit a month; it leaves 1, and this needs 3.3" in page
    assert "A lighthouse" in page
    assert not GenerationRequest.objects.filter(prompt="A lighthouse").exists()


def test_the_room_left_is_said_before_pressing(studio: Studio) -> None:
    set_limit(studio, 1_000_000)
    page = browser(studio.author).get(reverse("create")).content.decode()
    assert "it leaves 1, and this needs" in page
