"""Who may change the price book, and what a change leaves as it was."""

from collections.abc import Callable

import pytest

from accounts.errors import NotAllowed
from generations.catalog import Price, Unit, get_model
from generations.models import Markup, PriceOrigin, PriceVersion, ProposalState
from generations.services import price_changes
from tests import factories, prices
from tests.factories import MODEL

pytestmark = pytest.mark.django_db


def test_an_accepted_price_is_a_version_with_the_name_of_who_accepted_it() -> None:
    found = prices.proposal(50_000_000)
    assert price_changes.accept(by=prices.staff(), proposal=found)
    found.refresh_from_db()
    version = prices.in_force()
    assert (version.nano_usd, version.origin) == (50_000_000, PriceOrigin.PROVIDER)
    assert version.accepted_by == found.decided_by == prices.staff()
    assert (found.state, found.version) == (ProposalState.ACCEPTED, version)


def test_a_declined_price_leaves_the_one_in_force() -> None:
    found = prices.proposal(50_000_000)
    before = prices.in_force()
    assert price_changes.decline(by=prices.staff(), proposal=found)
    assert prices.in_force() == before


def test_what_was_decided_is_not_decided_again() -> None:
    found = prices.proposal(50_000_000)
    assert price_changes.decline(by=prices.staff(), proposal=found)
    assert not price_changes.accept(by=prices.staff(), proposal=found)
    assert prices.in_force().nano_usd == 33_000_000


def test_an_entered_price_ends_what_waits_and_keeps_the_one_before() -> None:
    found = prices.proposal(50_000_000)
    before = prices.in_force()
    prices.enter(44_000_000)
    found.refresh_from_db()
    assert found.state == ProposalState.OVERTAKEN
    assert PriceVersion.objects.get(pk=before.pk).nano_usd == 33_000_000


@pytest.mark.parametrize("rights", [{"is_staff": False}, {"is_active": False}])
def test_only_active_staff_may_change_anything(rights: dict[str, bool]) -> None:
    stranger, found, own = factories.staff(**rights), prices.proposal(), prices.mark_up(1000)
    price = Price(1, Unit.IMAGE, "me")
    changes: list[Callable[[], object]] = [
        lambda: price_changes.accept(by=stranger, proposal=found),
        lambda: price_changes.decline(by=stranger, proposal=found),
        lambda: price_changes.enter(by=stranger, model=get_model(MODEL), price=price),
        lambda: price_changes.mark_up(
            by=stranger, team=None, model="", basis_points=0, per_image=0
        ),
        lambda: price_changes.end_markup(by=stranger, markup=own),
    ]
    for change in changes:
        with pytest.raises(NotAllowed):
            change()
    assert Markup.objects.count() == 1
