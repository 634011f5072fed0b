"""The operators' page of prices."""

import pytest
from django.test import Client

from generations.models import Markup, PriceProposal, ProposalState
from tests import factories, prices
from tests.factories import CREDIT, MODEL
from tests.generations.views.studio import Studio, browser

PAGE = "/operations/prices/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(studio: Studio) -> Client:
    return browser(studio.staff)


def test_a_proposal_is_shown_with_both_prices_the_change_and_what_it_means(
    operator: Client,
) -> None:
    prices.mark_up(1000)
    prices.proposal(66_000_000)
    page = " ".join(operator.get(PAGE).text.split())
    assert "1 price to decide on" in page
    assert "$0.033 per image" in page
    assert "$0.066 per image" in page
    assert "+100 %" in page
    assert "3.63 → 7.26 credits" in page


def test_every_model_is_shown_with_its_price_and_those_before(operator: Client) -> None:
    prices.enter(44_000_000)
    page = operator.get(PAGE).text
    assert "FLUX.2 [max]" in page
    assert "1 earlier" in page
    assert "Entered by hand, by prices" in page


def test_an_accepted_price_counts_from_then_on(operator: Client) -> None:
    found = prices.proposal(66_000_000)
    page = operator.post(f"{PAGE}{found.pk}/", {"accept": "yes"}, follow=True).text
    assert "The new price counts for what is asked from now on." in page
    assert prices.in_force().nano_usd == 66_000_000


def test_a_declined_price_changes_nothing_and_is_not_decided_twice(operator: Client) -> None:
    found = prices.proposal(66_000_000)
    operator.post(f"{PAGE}{found.pk}/")
    page = operator.post(f"{PAGE}{found.pk}/", {"accept": "yes"}, follow=True).text
    assert "It was decided meanwhile." in page
    assert prices.in_force().nano_usd == 33_000_000
    assert PriceProposal.objects.get().state == ProposalState.DECLINED


def test_a_mark_up_is_set_for_a_team_and_ended(studio: Studio, operator: Client) -> None:
    form = {"markup-team": studio.team.pk, "markup-percent": "12.5", "markup-per_image": "0.5"}
    page = operator.post(f"{PAGE}markups/", form, follow=True).text
    made = Markup.objects.get()
    assert (made.team, made.model, made.basis_points) == (studio.team, "", 1250)
    assert made.per_image == CREDIT // 2
    assert "12.5 % and 0.5 credits per image" in page
    page = operator.post(f"{PAGE}markups/{made.pk}/end/", follow=True).text
    assert "Nothing: teams pay what the provider asks." in page


@pytest.mark.parametrize("percent", ["-100.01", "1000.01", "0.001", "much"])
def test_a_mark_up_beyond_reason_is_refused_next_to_its_field(
    operator: Client, percent: str
) -> None:
    form = {"markup-percent": percent, "markup-per_image": "0"}
    answer = operator.post(f"{PAGE}markups/", form)
    assert answer.status_code == 422
    assert "percent" in answer.context["markup_form"].errors


@pytest.mark.parametrize(
    ("percent", "per_image", "words"),
    [
        ("-100", "3", "3 credits per image, whatever the provider takes"),
        ("-20", "0", "20 % off"),
        ("-12.5", "0.5", "12.5 % off, 0.5 credits per image on top"),
        ("0", "0", "Nothing on top"),
    ],
)
def test_a_team_has_its_own_price_or_a_discount(
    studio: Studio, operator: Client, percent: str, per_image: str, words: str
) -> None:
    form = {"markup-team": studio.team.pk, "markup-model": MODEL}
    form |= {"markup-percent": percent, "markup-per_image": per_image}
    page = operator.post(f"{PAGE}markups/", form, follow=True).text
    assert f"<td>{words}</td>" in page


def test_an_own_price_of_nothing_is_refused_next_to_its_field(operator: Client) -> None:
    form = {"markup-percent": "-100", "markup-per_image": "0"}
    answer = operator.post(f"{PAGE}markups/", form)
    assert answer.status_code == 422
    assert "With all of it off, this is the price: more than 0." in answer.text
    assert not Markup.objects.exists()


def test_a_price_is_entered_by_hand(operator: Client) -> None:
    form = {
        "price-model": "flux/schnell",
        "price-usd": "0.0045",
        "price-unit": "megapixel",
        "price-further_usd": "0.001",
        "price-source": "Their letter of today",
    }
    operator.post(f"{PAGE}enter/", form)
    version = prices.in_force("flux/schnell")
    assert (version.nano_usd, version.further_nano_usd) == (4_500_000, 1_000_000)
    assert (version.source, version.unit) == ("Their letter of today", "megapixel")


@pytest.mark.parametrize(
    ("usd", "words"),
    [("0", "A price is more than zero."), ("-1E+999999", "greater than or equal to 0")],
)
def test_a_price_of_nothing_is_refused_next_to_its_field(
    operator: Client, usd: str, words: str
) -> None:
    form = {"price-model": MODEL, "price-usd": usd, "price-unit": "image", "price-source": "x"}
    answer = operator.post(f"{PAGE}enter/", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert prices.in_force().nano_usd == 33_000_000


def test_a_receipt_names_the_version_and_what_came_on_top(studio: Studio) -> None:
    prices.mark_up(1000)
    made = factories.request(of=studio.team, by=studio.author)
    prices.enter(99_000_000)
    page = browser(studio.author).get(f"/requests/{made.pk}/receipt/").text
    version = f"version {made.price_version_id} of 2026-08-30"
    assert f"$0.033 per image, 10 % on top ({version})" in page


def test_a_receipt_names_a_teams_own_price(studio: Studio) -> None:
    prices.mark_up(-10_000, per_image=3 * CREDIT, team=studio.team)
    made = factories.request(of=studio.team, by=studio.author)
    page = browser(studio.author).get(f"/requests/{made.pk}/receipt/").text
    assert "$0.033 per image, 3 credits per image, whatever the provider takes (version" in page
