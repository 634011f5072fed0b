"""The most that a request costs, whoever makes it."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import ApiToken, Period, Team
from accounts.services import budgets, teams, tokens
from generations import catalog
from generations.services import offers, previews
from generations.services.offers import Offer
from tests import factories, prices
from tests.factories import CREDIT
from tests.generations.services import handing
from tests.generations.services.handing import HERE, PRICE_HERE, PRICE_THERE, THERE

pytestmark = pytest.mark.django_db

DEARER = 50_000_000  # nano-USD: 5 credits


@pytest.fixture
def team() -> Team:
    return handing.team()


def offer(team: Team, *, token: ApiToken | None = None, **values: object) -> Offer:
    model = catalog.get_model(HERE)
    params = catalog.clean(model, "A fox", values)
    by = factories.owner_of(team)
    return offers.offer(by=by, team=team, model=model, params=params, token=token)


def test_the_hold_covers_the_dearer_of_both(team: Team) -> None:
    assert offer(team).amount == handing.ask(team).hold.amount == PRICE_HERE
    prices.enter(DEARER, model=THERE)
    made = handing.ask(team)
    assert offer(team).amount == made.hold.amount == 5 * CREDIT
    assert (made.model, made.alternative) == (HERE, THERE)
    assert made.price_version == prices.in_force(HERE)


def test_both_prices_are_said_where_they_differ(team: Team) -> None:
    found = offer(team)
    assert found.told == "Up to 4.6 credits: 4.6 with AIML API, 3.5 if fal has to make it"
    assert found.elsewhere
    equal = replace(found.elsewhere.quote, amount=PRICE_HERE)
    assert replace(found, elsewhere=replace(found.elsewhere, quote=equal)).told == ""
    prices.enter(DEARER, model=THERE)
    assert offer(team).told == "Up to 5 credits: 4.6 with AIML API, 5 if fal has to make it"


def test_the_preview_says_what_is_held(team: Team) -> None:
    prices.enter(DEARER, model=THERE)
    model, by = catalog.get_model(HERE), factories.owner_of(team)
    membership = teams.membership_of(by, team)
    means = previews.means(by=by, membership=membership, models=[model])
    shown = means.preview(model, catalog.draft(model, {}))
    assert shown.amount == handing.ask(team).hold.amount == 5 * CREDIT


def test_a_team_that_does_not_allow_it_pays_and_holds_one_price(team: Team) -> None:
    teams.set_failover(by=factories.owner_of(team), team=team, allowed=False)
    prices.enter(DEARER, model=THERE)
    found = offer(team)
    assert (found.amount, found.elsewhere, found.told) == (PRICE_HERE, None, "")
    made = handing.ask(team)
    assert (made.alternative, made.hold.amount) == ("", PRICE_HERE)


def test_it_works_in_both_directions(team: Team) -> None:
    made = handing.ask(team, model=THERE)
    assert made.alternative == HERE
    assert made.hold.amount == PRICE_HERE


def test_what_the_other_would_make_otherwise_stays(team: Team) -> None:
    made = handing.ask(team, model=THERE, strength=0.5)
    assert (made.alternative, made.hold.amount) == ("", PRICE_THERE)


def test_a_provider_that_cannot_be_called_here_makes_nothing(
    team: Team, settings: Settings
) -> None:
    settings.PROVIDERS = ["aimlapi"]
    assert offer(team).elsewhere is None


def test_a_model_without_a_price_makes_nothing(team: Team) -> None:
    prices.withdraw(THERE)
    assert offer(team).elsewhere is None


@pytest.mark.parametrize("of", ["team", "member", "token"])
def test_a_limit_on_that_very_model_keeps_it_here(team: Team, of: str) -> None:
    owner = factories.owner_of(team)
    token, _ = tokens.create(by=owner, team=team, name="A script")
    whose: dict[str, dict[str, Any]] = {"member": {"member": owner}, "token": {"token": token}}
    limit = factories.limit(team, model=HERE)
    assert offer(team, token=token).elsewhere
    budgets.end_limit(by=owner, budget=limit)
    limit_there: dict[str, Any] = {
        "team": team,
        "model": THERE,
        "period": Period.MONTH,
        "amount": 9 * CREDIT,
    }
    budgets.set_limit(by=owner, **limit_there, **whose.get(of, {}))
    assert offer(team, token=token).elsewhere is None
