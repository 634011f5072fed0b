"""Reading a provider's prices: what waits, what is taken over, and what is told of it."""

import json
from collections.abc import Iterator

import pytest
from django.core import mail
from django.core.management import call_command
from pytest_django import Settings

from generations.catalog import MODELS
from generations.models import PriceProposal, PriceReading, PriceVersion, ProposalState
from generations.services import price_changes, price_refresh, providers
from tests import prices
from tests.accounts.race import together
from tests.factories import MODEL
from tests.generations.services import steps
from tests.generations.services.provider import Provider

TWO_RATES = "blackforestlabs/flux-2-pro"
AT_AIMLAPI = [model for model in MODELS.values() if model.provider == "aimlapi"]


@pytest.fixture(autouse=True)
def _its_own_prices(connected: Provider, settings: Settings) -> Iterator[None]:
    settings.PROVIDERS = ["aimlapi"]
    prices.staff()
    yield
    connected.running.client.delete("/_sandbox/prices")


def list_price(connected: Provider, usd: float | None, *, model: str = MODEL) -> None:
    """What the provider lists for a model from now on; None: it is not listed any more."""
    said = None if usd is None else {"price": usd, "per": "image"}
    connected.running.price({model: said})


def waiting() -> list[PriceProposal]:
    return list(PriceProposal.objects.filter(state=ProposalState.PENDING))


def test_prices_that_agree_change_nothing_and_nobody_is_mailed() -> None:
    done = price_refresh.run()
    reading = PriceReading.objects.get()
    assert (reading.models_read, reading.differing, reading.unread) == (len(AT_AIMLAPI), 0, {})
    assert (done.proposed, mail.outbox) == ([], [])
    assert PriceVersion.objects.count() == len(MODELS)


def test_a_change_waits_for_a_person_and_staff_are_mailed(connected: Provider) -> None:
    list_price(connected, 0.04)
    price_refresh.run()
    [found] = waiting()
    assert (found.model, found.nano_usd, found.current) == (MODEL, 40_000_000, prices.in_force())
    [told] = mail.outbox
    assert told.to == ["prices@example.com"]
    assert "flux/dev: $0.033 per image → $0.04 per image (+21.21 %)" in told.body
    assert "/operations/prices/" in told.body


def test_it_is_proposed_once_however_often_it_is_read(connected: Provider) -> None:
    list_price(connected, 0.04)
    price_refresh.run()
    price_refresh.run()
    assert len(waiting()) == len(mail.outbox) == 1
    assert [reading.differing for reading in PriceReading.objects.all()] == [1, 1]


def test_what_was_declined_is_not_proposed_again_until_the_provider_says_something_else(
    connected: Provider,
) -> None:
    list_price(connected, 0.04)
    price_refresh.run()
    price_changes.decline(by=prices.staff(), proposal=waiting()[0])
    price_refresh.run()
    assert waiting() == []
    list_price(connected, 0.05)
    price_refresh.run()
    assert [one.nano_usd for one in waiting()] == [50_000_000]


def test_a_newer_price_overtakes_one_that_waits(connected: Provider) -> None:
    for usd in (0.04, 0.05):
        list_price(connected, usd)
        price_refresh.run()
    assert [one.nano_usd for one in waiting()] == [50_000_000]
    assert PriceProposal.objects.filter(state=ProposalState.OVERTAKEN).count() == 1


def test_a_provider_that_goes_back_ends_what_waits(connected: Provider) -> None:
    list_price(connected, 0.04)
    price_refresh.run()
    list_price(connected, 0.033)
    price_refresh.run()
    assert waiting() == []


@pytest.mark.parametrize(("usd", "taken"), [(0.0363, True), (0.0297, True), (0.036301, False)])
def test_a_change_within_the_bound_is_taken_over_by_itself(
    connected: Provider, settings: Settings, usd: float, taken: bool
) -> None:
    settings.PRICE_AUTO_ACCEPT_PERCENT = 10
    list_price(connected, usd)
    price_refresh.run()
    assert (prices.in_force().nano_usd == round(usd * 10**9)) is taken
    assert len(waiting()) == (not taken)
    assert ("taken over at once" in mail.outbox[0].body) is taken


def test_many_small_changes_are_taken_over_only_as_far_as_one_would_be(
    connected: Provider, settings: Settings
) -> None:
    settings.PRICE_AUTO_ACCEPT_PERCENT = 5
    for usd in (0.0340, 0.0346, 0.0350):
        list_price(connected, usd)
        price_refresh.run()
    assert prices.in_force().nano_usd == 34_600_000
    assert [one.nano_usd for one in waiting()] == [35_000_000]


def test_the_bound_is_counted_from_the_price_that_a_person_accepted(
    connected: Provider, settings: Settings
) -> None:
    settings.PRICE_AUTO_ACCEPT_PERCENT = 5
    prices.enter(40_000_000)
    for usd in (0.0415, 0.0400, 0.0385):
        list_price(connected, usd)
        price_refresh.run()
    assert prices.in_force().nano_usd == 38_500_000
    list_price(connected, 0.0330)
    price_refresh.run()
    assert [one.nano_usd for one in waiting()] == [33_000_000]


def test_a_model_that_is_not_listed_any_more_waits_too_whatever_the_bound(
    connected: Provider, settings: Settings
) -> None:
    settings.PRICE_AUTO_ACCEPT_PERCENT = 1000
    list_price(connected, None)
    price_refresh.run()
    [found] = waiting()
    assert found.withdrawn
    assert "no longer offered" in mail.outbox[0].body


def test_a_model_that_comes_back_waits_with_its_price(connected: Provider) -> None:
    prices.withdraw()
    price_refresh.run()
    [found] = waiting()
    assert (found.model, found.withdrawn, found.nano_usd) == (MODEL, False, 33_000_000)


def test_further_megapixels_keep_their_proportion(connected: Provider) -> None:
    connected.running.price({TWO_RATES: {"price": 0.078, "per": "megapixel"}})
    price_refresh.run()
    [found] = waiting()
    assert (found.nano_usd, found.further_nano_usd) == (78_000_000, 39_000_000)


def test_a_price_that_cannot_be_read_is_told_and_stays(connected: Provider) -> None:
    connected.running.price({MODEL: {"kind": "variable"}})
    price_refresh.run()
    reading = PriceReading.objects.get()
    assert reading.unread == {MODEL: "the provider quotes no price before a request"}
    assert (waiting(), reading.models_read) == ([], len(AT_AIMLAPI) - 1)


def test_a_provider_that_is_away_changes_nothing_and_staff_are_told(settings: Settings) -> None:
    settings.AIMLAPI_BASE_URL = "http://127.0.0.1:9"
    providers.client.cache_clear()
    price_refresh.run()
    assert PriceReading.objects.get().error
    assert mail.outbox[0].subject == "A provider's prices could not be read"
    assert waiting() == []


def test_an_accepted_price_is_held_and_is_what_the_provider_takes(connected: Provider) -> None:
    """The whole way: their list, our decision, a request, their bill."""
    list_price(connected, 0.04)
    price_refresh.run()
    assert price_changes.accept(by=prices.staff(), proposal=waiting()[0])
    asked = steps.ask(num_images=2)
    assert asked.hold.amount == 8_000_000
    assert steps.run(asked).hold.captured == connected.charged() == 8_000_000
    connected.check_the_books()


def test_read_by_many_at_once_a_change_is_proposed_once(connected: Provider) -> None:
    list_price(connected, 0.04)
    done = together(*[price_refresh.run] * 6)
    assert [one for one in done if isinstance(one, Exception)] == []
    assert PriceProposal.objects.count() == 1


def test_the_command_says_in_one_line_what_it_found(
    connected: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("refresh_prices")
    list_price(connected, 0.04)
    with pytest.raises(SystemExit):
        call_command("refresh_prices")
    quiet, news = map(json.loads, capsys.readouterr().out.splitlines())
    assert quiet == {
        "read": {"aimlapi": len(AT_AIMLAPI)},
        "proposed": [],
        "taken_over": [],
        "unread": {},
        "failed": {},
        "waiting": 0,
    }
    assert (news["proposed"], news["waiting"]) == ([MODEL], 1)
