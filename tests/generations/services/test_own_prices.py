"""A team that pays less than the provider takes: the bill is met, and the house bears the rest."""

import pytest

from accounts.models import User
from generations.models import Finding
from generations.services import cases
from tests import factories, prices
from tests.factories import CREDIT, PRICE
from tests.generations.services.compared import OTHER, booked, compare, counts, lost
from tests.generations.services.provider import Provider
from tests.generations.services.steps import house_paid, now, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("added_up")]

OTHER_PRICE = 3_500_000


@pytest.fixture
def staff() -> User:
    return factories.staff()


def test_a_teams_own_price_is_no_difference_from_the_bill(connected: Provider) -> None:
    prices.mark_up(-10_000, per_image=CREDIT)
    request = run()
    assert counts(compare()) == {"matched": 1}
    assert (now(request).hold.captured, house_paid(request)) == (CREDIT, PRICE - CREDIT)
    assert booked() == connected.charged() == PRICE


def test_what_the_provider_took_more_the_house_bears_too(connected: Provider) -> None:
    prices.mark_up(-10_000, per_image=CREDIT)
    connected.fault("no_cost", credits=OTHER)
    request = run()
    assert counts(compare()) == {"drift": 1}
    assert (now(request).hold.captured, house_paid(request)) == (CREDIT, OTHER_PRICE - CREDIT)
    assert booked() == connected.charged() == OTHER_PRICE


def test_of_an_own_price_nothing_is_given_back_when_the_provider_took_less(
    connected: Provider, staff: User
) -> None:
    prices.mark_up(-10_000, per_image=CREDIT)
    connected.fault("no_cost", credits=60_000)
    request = run()
    compare()
    case = Finding.objects.open().get()
    assert cases.refundable(case) == 0
    cases.resolve(by=staff, cases=[case], note="The price fell", refund=True)
    assert now(request).hold.cost == CREDIT


def test_of_a_discounted_price_the_discounted_difference_is_given_back(
    connected: Provider, staff: User
) -> None:
    prices.mark_up(-2000)
    connected.fault("no_cost", credits=60_000)
    request = run()
    compare()
    case = Finding.objects.open().get()
    cases.resolve(by=staff, cases=[case], note="The price fell", refund=True)
    assert now(request).hold.cost == 3_000_000 * 8 // 10


def test_what_no_team_got_the_house_pays_whole(connected: Provider) -> None:
    prices.mark_up(-10_000, per_image=CREDIT)
    request = lost(connected)
    compare()
    assert (now(request).hold.captured, house_paid(request)) == (0, PRICE)
