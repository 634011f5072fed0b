"""Prices that change while others ask: a request is charged by what it was held by."""

from collections.abc import Callable
from functools import partial
from threading import Event

import pytest
from django.db.models import Sum

from accounts.models import LedgerEntry, Team
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
from generations.services.price_book import PriceList, Terms
from tests import factories, prices
from tests.accounts.race import together
from tests.factories import MODEL, PRICE

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 12
DEAR = 66_000_000


@pytest.fixture
def team() -> Team:
    return factories.team()


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


def charged_while_the_price_rises(
    team: Team, monkeypatch: pytest.MonkeyPatch, terms: Callable[[GenerationRequest], Terms]
) -> set[int]:
    """What requests are charged that are settled by these terms, read after the price rose."""
    requests = [factories.request(of=team) for _ in range(CLIENTS)]
    for request in requests:
        factories.answered(request, raw=factories.answer(usd=None))
    risen = Event()

    def read_late(request: GenerationRequest) -> Terms:
        assert risen.wait(timeout=10)
        return terms(request)

    def rise() -> None:
        prices.enter(DEAR)
        risen.set()

    monkeypatch.setattr(price_book, "terms_of", read_late)
    finish = [partial(storing.finish, request.pk) for request in requests]
    assert together(*finish, rise) == [None] * (CLIENTS + 1)
    assert Image.objects.count() == CLIENTS
    spent = LedgerEntry.objects.filter(debit__team=team).values("hold")
    return set(spent.annotate(charged=Sum("amount")).values_list("charged", flat=True))


def test_a_price_that_rises_before_requests_are_settled_changes_nothing(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert charged_while_the_price_rises(team, monkeypatch, price_book.terms_of) == {PRICE}


def test_a_price_read_again_when_it_is_charged_is_not_what_was_held(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: what the book says at the end is charged, not what it said when it was held."""

    def terms_now(request: GenerationRequest) -> Terms:
        model = get_model(request.model)
        known = PriceList.of(team, [model])
        return known.terms(model, known.versions[model.id].price)

    assert charged_while_the_price_rises(team, monkeypatch, terms_now) == {2 * PRICE}


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
