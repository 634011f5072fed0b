"""Prices that change while others ask: a request is charged by what it was held by."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts.models import Hold, Team
from generations.catalog import get_model
from generations.models import GenerationRequest, Image, PriceVersion, ProposalState
from generations.services import (
    audit,
    claiming,
    outcomes,
    price_book,
    price_changes,
    storing,
)
from tests import factories, prices
from tests.accounts.race import together
from tests.factories import MODEL

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 12
DEAR = 66_000_000


@pytest.fixture
def team() -> Team:
    return factories.team()


def settled(request: GenerationRequest) -> Hold:
    """The hold after the picture came, at a cost that the provider keeps to itself."""
    attempt = factories.answered(request, raw=factories.answer(usd=None))
    storing.finish(attempt.request_id)
    return Hold.objects.get(pk=request.hold_id)


def test_each_request_is_held_and_charged_by_one_version_whatever_happens_meanwhile(
    team: Team,
) -> None:
    asks: list[Callable[[], object]] = [partial(factories.request, of=team)] * CLIENTS
    together(*asks, partial(prices.enter, DEAR), partial(prices.mark_up, 1000), *asks)
    while attempt := claiming.claim():
        outcomes.record_answer(attempt, factories.answer(usd=None))
        storing.finish(attempt.request_id)
    asked = list(GenerationRequest.objects.select_related("hold"))
    assert len(asked) == 2 * CLIENTS
    for request in asked:
        held = price_book.terms_of(request).most(get_model(MODEL), request.params)
        assert request.hold.captured == request.hold.amount == held
    assert audit.check_ledger().problems == []


def test_a_price_read_again_when_it_is_charged_is_not_what_was_held(team: Team) -> None:
    """The twin: what the book says at the end is charged, not what it said when it was held."""
    asked = factories.request(of=team)
    prices.enter(DEAR)
    now = price_book.quote(team=team, model=get_model(MODEL), params=asked.params)
    assert now.amount > asked.hold.amount == settled(asked).captured


def test_a_price_that_changes_between_answer_and_charge_changes_nothing(team: Team) -> None:
    attempt = factories.answered(factories.request(of=team), raw=factories.answer(usd=None))
    together(
        partial(storing.finish, attempt.request_id),
        partial(prices.enter, DEAR),
        partial(prices.mark_up, 5000),
    )
    storing.finish(attempt.request_id)
    assert Image.objects.count() == 1
    assert Hold.objects.get().captured == Hold.objects.get().amount == factories.PRICE


def test_of_many_who_decide_at_once_one_does() -> None:
    found = prices.proposal(DEAR)
    accept = partial(price_changes.accept, by=prices.staff(), proposal=found)
    decline = partial(price_changes.decline, by=prices.staff(), proposal=found)
    decided = together(*[accept, decline] * (CLIENTS // 2))
    found.refresh_from_db()
    assert decided.count(True) == 1
    versions = PriceVersion.objects.filter(model=MODEL).count()
    assert versions == (2 if found.state == ProposalState.ACCEPTED else 1)


def test_seeding_by_many_at_once_gives_every_model_one_version() -> None:
    before = PriceVersion.objects.count()
    outcomes = together(*[price_book.seed] * CLIENTS)
    assert set(outcomes) == {None}
    assert PriceVersion.objects.count() == before
