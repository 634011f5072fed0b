"""What a request costs, and that it costs that from the button to the receipt."""

from unittest import mock
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import Hold, LedgerEntry, Team
from generations import catalog
from generations.catalog import MODELS, Model, Price, Unit, UnknownModel, get_model
from generations.errors import Unpriceable
from generations.models import CostSource, GenerationRequest, Markup, PriceOrigin, PriceVersion
from generations.parameters import Json
from generations.services import audit, price_book, price_changes, storing
from generations.services.price_book import PriceList, Terms
from tests import factories, prices
from tests.factories import CREDIT, MODEL, PRICE

pytestmark = pytest.mark.django_db

CALLABLE = list(MODELS.values())


@pytest.fixture
def team() -> Team:
    return factories.team()


def amount(team: Team, **params: Json) -> int:
    return price_book.quote(team=team, model=get_model(MODEL), params=params).amount


def arrived(request: GenerationRequest, *, usd: str | None, pictures: int = 1) -> Hold:
    """The hold after so many pictures came, at a cost that the provider states or keeps silent."""
    shown = [factories.picture(shade=f"#80a0{10 + number}") for number in range(pictures)]
    attempt = factories.answered(request, raw=factories.answer(*shown, usd=usd))
    storing.finish(attempt.request_id)
    return Hold.objects.get(pk=request.hold_id)


# Seeding.


def test_every_model_of_the_catalog_has_its_price() -> None:
    assert {one.model: one.price.nano_usd for one in PriceVersion.objects.in_force()} == {
        model.id: model.price.nano_usd for model in MODELS.values()
    }


def test_seeding_again_adds_nothing() -> None:
    before = PriceVersion.objects.count()
    price_book.seed()
    assert PriceVersion.objects.count() == before


def test_a_price_that_somebody_entered_outlives_a_newer_catalog() -> None:
    prices.enter(44_000_000)
    price_book.seed()
    found = prices.in_force()
    assert (found.nano_usd, found.origin) == (44_000_000, PriceOrigin.PERSON)


# Quoting.


def test_a_quote_names_the_version_and_the_providers_part(team: Team) -> None:
    quote = price_book.quote(team=team, model=get_model(MODEL), params={"num_images": 4})
    assert (quote.amount, quote.provider_nano_usd) == (4 * PRICE, 132_000_000)
    assert (quote.version, quote.markup) == (prices.in_force(), None)


def test_a_new_version_counts_from_its_moment_on(team: Team) -> None:
    assert amount(team) == PRICE
    prices.enter(44_000_000)
    assert amount(team) == 4_400_000


def test_a_withdrawn_model_is_refused_with_words_and_nothing_is_held(team: Team) -> None:
    prices.withdraw()
    with pytest.raises(Unpriceable, match="no longer offered by its provider"):
        factories.request(of=team)
    assert not Hold.objects.exists()


def test_a_model_without_a_price_is_refused_with_words() -> None:
    with pytest.raises(Unpriceable, match=r"has no price here yet\. Choose another model"):
        PriceList(versions={}, markups={}).quote(get_model(MODEL), {})


def test_a_key_that_was_said_is_answered_also_after_the_model_was_withdrawn(team: Team) -> None:
    key = uuid4()
    first = factories.request(of=team, key=key)
    prices.withdraw()
    assert factories.request(of=team, key=key).pk == first.pk


# What comes on top.


def test_a_part_and_an_amount_an_image_come_on_top(team: Team) -> None:
    prices.mark_up(1000, per_image=CREDIT // 2)
    assert amount(team, num_images=2) == 2 * PRICE * 11 // 10 + CREDIT


def test_the_most_particular_mark_up_counts_and_no_other(team: Team) -> None:
    factors = []
    for basis_points, of, model in ((1000, None, ""), (2000, None, MODEL), (3000, team, "")):
        prices.mark_up(basis_points, team=of, model=model)
        factors.append(amount(team) * 10 // PRICE)
    prices.mark_up(4000, team=team, model=MODEL)
    assert [*factors, amount(team) * 10 // PRICE] == [11, 12, 13, 14]


def test_a_teams_mark_up_is_no_other_teams(team: Team) -> None:
    prices.mark_up(1000, team=factories.team())
    assert amount(team) == PRICE


def test_nothing_on_top_keeps_a_more_general_mark_up_away_until_it_is_ended(team: Team) -> None:
    prices.mark_up(1000)
    own = prices.mark_up(0, team=team)
    assert amount(team) == PRICE
    price_changes.end_markup(by=prices.staff(), markup=own)
    assert amount(team) == PRICE * 11 // 10


# A team's own price.


@pytest.mark.parametrize("usd", ["0.033", "0.5", None])
@pytest.mark.django_db(transaction=True)
def test_a_teams_own_price_is_held_and_charged_whatever_the_provider_takes(
    team: Team, usd: str | None
) -> None:
    prices.mark_up(-10_000, per_image=3 * CREDIT, team=team, model=MODEL)
    asked = factories.request(of=team, params={"num_images": 2})
    hold = arrived(asked, usd=usd, pictures=2)
    house = sum(hold.entries.filter(kind="house").values_list("amount", flat=True))
    cost = asked.attempts.get().cost_nano_usd or 0
    assert (asked.hold.amount, hold.captured, hold.overrun) == (6 * CREDIT, 6 * CREDIT, 0)
    assert house == max(cost // 10 - 6 * CREDIT, 0)
    assert audit.check_ledger().problems == []


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_off_the_house_bears(team: Team) -> None:
    prices.mark_up(-2000)
    hold = arrived(factories.request(of=team), usd="0.033")
    house = hold.entries.get(kind="house")
    assert (hold.captured, house.amount) == (PRICE * 8 // 10, PRICE * 2 // 10)
    assert house.reason == "the team pays less than the provider takes"
    assert audit.check_ledger().problems == []


@pytest.mark.django_db(transaction=True)
def test_of_an_own_price_what_came_is_paid(team: Team) -> None:
    prices.mark_up(-10_000, per_image=CREDIT)
    asked = factories.request(of=team, params={"num_images": 4})
    hold = arrived(asked, usd="0.132", pictures=3)
    house = hold.entries.get(kind="house").amount
    assert (hold.captured, house) == (3 * CREDIT, 4 * PRICE - 3 * CREDIT)
    assert audit.check_ledger().problems == []


@pytest.mark.parametrize(("basis_points", "per_image"), [(-10_000, 0), (-10_001, 1)])
def test_a_price_of_nothing_for_a_team_is_refused_by_the_database(
    basis_points: int, per_image: int
) -> None:
    with pytest.raises(DatabaseError, match="markup_"), transaction.atomic():
        prices.mark_up(basis_points, per_image=per_image)


# From the hold to the charge.


@pytest.mark.django_db(transaction=True)
def test_a_request_keeps_the_terms_it_was_held_by(team: Team, settings: Settings) -> None:
    prices.mark_up(1000)
    asked = factories.request(of=team)
    prices.enter(99_000_000)
    prices.mark_up(9000)
    settings.CREDITS_PER_USD = 1000
    assert arrived(asked, usd=None).captured == asked.hold.amount == PRICE * 11 // 10
    assert audit.check_ledger().problems == []


def test_a_stated_cost_is_charged_with_the_mark_up(team: Team) -> None:
    prices.mark_up(1000, per_image=CREDIT)
    hold = arrived(factories.request(of=team), usd="0.02")
    assert hold.captured == 2_200_000 + CREDIT


def test_a_computed_cost_is_marked_so_and_counts_what_arrived(team: Team) -> None:
    prices.mark_up(1000, per_image=CREDIT)
    asked = factories.request(of=team, params={"num_images": 4})
    hold = arrived(asked, usd=None, pictures=3)
    assert hold.captured == 3 * PRICE * 11 // 10 + 3 * CREDIT
    assert asked.attempts.get().cost_source == CostSource.COMPUTED


def test_the_house_pays_its_part_of_the_providers_cost_without_the_mark_up(team: Team) -> None:
    prices.mark_up(1000)
    asked = factories.request(of=team, params={"num_images": 2})
    shown = [factories.picture(), b"no picture"]
    attempt = factories.answered(asked, raw=factories.answer(*shown, usd="0.066"))
    storing.finish(attempt.request_id)
    house = LedgerEntry.objects.get(hold=asked.hold_id, kind="house")
    assert (Hold.objects.get(pk=asked.hold_id).captured, house.amount) == (3_630_000, PRICE)


def test_a_cost_above_the_hold_is_an_overrun_with_the_mark_up(team: Team) -> None:
    prices.mark_up(1000)
    asked = factories.request(of=team)
    assert arrived(asked, usd="0.05").captured == asked.hold.amount
    over = LedgerEntry.objects.get(hold=asked.hold_id, kind="overrun")
    assert asked.hold.amount + over.amount == 5_500_000


@pytest.mark.parametrize(
    ("usd", "came", "paid"),
    [  # captured, above the hold, and by the house
        ("0.132", 3, (9_900_000, 0, 3_300_000)),  # the price of all four
        ("0.099", 3, (9_900_000, 0, 0)),  # of what came
        ("0.09", 3, (9_000_000, 0, 0)),  # less than its price
        ("0.12", 3, (9_900_000, 0, 2_100_000)),  # all four, cheaper
        ("0.264", 3, (13_200_000, 6_600_000, 6_600_000)),  # all four, at twice the price
        ("0.264", 4, (13_200_000, 13_200_000, 0)),
        ("0.132", 1, (3_300_000, 0, 9_900_000)),
    ],
)
def test_a_stated_cost_of_a_whole_call_is_paid_for_what_came_of_it(
    team: Team, usd: str, came: int, paid: tuple[int, int, int]
) -> None:
    asked = factories.request(of=team, params={"num_images": 4})
    hold = arrived(asked, usd=usd, pictures=came)
    house = sum(hold.entries.filter(kind="house").values_list("amount", flat=True))
    assert (hold.captured, hold.overrun, house) == paid


def test_the_mark_up_of_a_whole_call_is_paid_for_what_came_of_it(team: Team) -> None:
    prices.mark_up(1000, per_image=CREDIT)
    asked = factories.request(of=team, params={"num_images": 4})
    hold = arrived(asked, usd="0.132", pictures=3)
    assert hold.captured == 3 * PRICE * 11 // 10 + 3 * CREDIT
    assert hold.entries.get(kind="house").amount == PRICE


def test_a_whole_call_of_a_model_that_left_the_catalog_is_paid_by_parts(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = factories.request(of=team, params={"num_images": 4})

    def gone(model: str) -> Model:
        raise UnknownModel(model)

    monkeypatch.setattr(catalog, "get_model", gone)
    assert price_book.share(asked, 132_000_000, came=3, kept=3).paid == 3 * PRICE


@given(
    nano_usd=st.integers(0, 10**9),
    asked=st.integers(1, 4),
    came=st.integers(0, 4),
    lost=st.integers(0, 4),
)
def test_nobody_pays_for_more_than_arrived_and_the_house_no_less_than_the_rest(
    nano_usd: int, asked: int, came: int, lost: int
) -> None:
    request = GenerationRequest(
        model=MODEL, params={"num_images": asked}, num_images=asked, credits_per_usd=100
    )
    kept = max(came - lost, 0)
    share, whole = (
        price_book.share(request, nano_usd, came=came, kept=some) for some in (kept, came)
    )
    cost = price_book.terms_of(request).at_cost(nano_usd)
    assert 0 <= share.covered <= share.paid <= whole.paid <= cost
    if kept < asked:
        part = max(PRICE, -(-cost // asked)) * kept
        assert share.paid <= part + kept


def test_a_request_from_before_the_book_is_settled_by_the_catalog(team: Team) -> None:
    asked = factories.request(of=team)
    GenerationRequest.objects.filter(pk=asked.pk).update(
        price_version=None, markup=None, credits_per_usd=None
    )
    prices.enter(99_000_000)
    assert arrived(asked, usd=None).captured == PRICE


priced = st.builds(
    Price,
    nano_usd=st.integers(1, 10**9),
    unit=st.sampled_from(Unit),
    source=st.just("a list"),
    further_nano_usd=st.none() | st.integers(1, 10**9),
    counts_inputs=st.booleans(),
)
in_part = st.builds(
    Markup, basis_points=st.integers(-9_999, 100_000), per_image=st.integers(0, 10**9)
)
own_price = st.builds(Markup, basis_points=st.just(-10_000), per_image=st.integers(1, 10**9))
markups = st.none() | in_part | own_price
any_terms = st.builds(Terms, priced, markups, st.integers(1, 5000))


@given(terms=any_terms, model=st.sampled_from(CALLABLE), asked=st.integers(1, 4), data=st.data())
def test_what_is_held_covers_whatever_is_computed_afterwards(
    terms: Terms, model: Model, asked: int, data: st.DataObject
) -> None:
    params: dict[str, Json] = {"num_images": asked} if model.max_images > 1 else {}
    came = data.draw(st.integers(0, asked if params else 1))
    computed = terms.computed(model, params, images=came)
    charged = terms.charge(computed, images=came)
    assert 0 <= charged <= terms.most(model, params)
    assert (charged > 0) == (came > 0)
    if terms.markup is None or terms.markup.basis_points >= 0:
        assert terms.at_cost(computed) <= charged


@given(
    own=st.integers(1, 10**7),
    off=st.integers(-10_000, 0),
    nano_usd=st.integers(0, 10**9),
    came=st.integers(1, 4),
    lost=st.integers(0, 3),
)
def test_a_team_that_pays_less_than_the_provider_takes_covers_what_it_pays(
    own: int, off: int, nano_usd: int, came: int, lost: int
) -> None:
    terms = Terms(None, Markup(basis_points=off, per_image=own), 100)
    request = GenerationRequest(model=MODEL, params={"num_images": came}, num_images=came)
    with mock.patch.object(price_book, "terms_of", return_value=terms):
        share = price_book.share(request, nano_usd, came=came, kept=max(came - lost, 0))
    assert 0 <= share.covered <= share.paid
    assert share.covered <= terms.at_cost(nano_usd)


# Nothing of it can be changed.


@pytest.mark.parametrize("table", ["priceversion", "markup"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET model = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_the_database_refuses_to_change_the_book(table: str, change: str) -> None:
    prices.mark_up(1000)
    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(change.format(f"generations_{table}"))


@pytest.mark.parametrize("nano_usd", [0, -1_000_000])
def test_a_price_of_nothing_or_less_is_refused_by_the_database(nano_usd: int) -> None:
    with pytest.raises(DatabaseError, match="price_version_amounts_positive"), transaction.atomic():
        prices.enter(nano_usd)
