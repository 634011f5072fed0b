"""Staff give back what a request cost, and its author reads why."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import CreditChange, LedgerEntry
from accounts.services import changes, ledger
from generations.models import GenerationRequest
from generations.services import storing
from tests import factories
from tests.generations.views.studio import Studio, browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(studio: Studio) -> GenerationRequest:
    """A request that was charged 3.3 credits."""
    return factories.succeeded(factories.request(of=studio.team, by=studio.author))


@pytest.fixture
def desk(studio: Studio) -> Client:
    return browser(studio.staff)


def give(client: Client, request: GenerationRequest, amount: str, reason: str = "Blurred") -> str:
    address = reverse("operations-refund", args=[request.pk])
    form = {"amount": amount, "reason": reason, "key": str(uuid4())}
    return client.post(address, form, follow=True).text


def test_part_of_a_charge_is_given_back_and_the_author_reads_why(
    desk: Client, mine: Client, studio: Studio, done: GenerationRequest
) -> None:
    before = ledger.balance(team=studio.team).posted
    assert "Done, and booked." in give(desk, done, "1.3", "Too <b>blurred</b>")
    assert ledger.balance(team=studio.team).posted == before + 1_300_000
    receipt = mine.get(reverse("receipt", args=[done.pk])).text
    assert "Refunded later: 1.3." in receipt
    assert "+1.3 on" in receipt
    assert "Too &lt;b&gt;blurred&lt;/b&gt;" in receipt


@pytest.mark.parametrize(
    ("amount", "reason", "words"),
    [
        ("3.31", "Blurred", "Only 3.3 of it were charged and not given back."),
        ("1E+999999", "Blurred", "less than or equal to"),
        ("0", "Blurred", "greater than or equal to"),
        ("-1", "Blurred", "greater than or equal to"),
        ("1", " ", "This field is required."),
    ],
)
def test_nothing_above_the_charge_is_given_back_and_nothing_without_a_reason(
    desk: Client, done: GenerationRequest, amount: str, reason: str, words: str
) -> None:
    assert words in give(desk, done, amount, reason)
    assert not LedgerEntry.objects.filter(kind="refund").exists()


def test_what_was_given_back_counts_until_nothing_is_left(
    desk: Client, done: GenerationRequest
) -> None:
    give(desk, done, "3")
    assert "Only 0.3 of it were charged and not given back." in give(desk, done, "1")
    assert "given back 3 of it" in give(desk, done, "1")
    assert "Give credits back" not in give(desk, done, "0.3")


def test_what_was_charged_above_the_hold_can_be_given_back_too(
    desk: Client, studio: Studio
) -> None:
    asked = factories.request(of=studio.team, by=studio.author)
    storing.finish(factories.answered(asked, raw=factories.answer(usd="0.05")).request_id)
    page = desk.get(reverse("operations-request", args=[asked.pk])).text
    assert "Charged 5." in page
    assert "At most 5: what was charged" in page
    assert "Done, and booked." in give(desk, asked, "5")


def test_what_cost_nothing_has_nothing_to_give_back(desk: Client, studio: Studio) -> None:
    asked = factories.request(of=studio.team, by=studio.author)
    page = desk.get(reverse("operations-request", args=[asked.pk])).text
    assert "Give credits back" not in page


def test_a_large_refund_waits_for_a_second_person(
    desk: Client, done: GenerationRequest, settings: Settings
) -> None:
    settings.ADJUSTMENT_LIMIT, second = 1_000_000, factories.staff()
    page = give(desk, done, "2")
    assert "A refund of it waits for a second member of staff" in page
    assert not LedgerEntry.objects.filter(kind="refund").exists()
    changes.decide(by=second, change=CreditChange.objects.get(), agrees=True)
    assert LedgerEntry.objects.get(kind="refund").amount == 2_000_000


def test_staff_who_see_the_receipt_are_led_to_it(studio: Studio, done: GenerationRequest) -> None:
    address = reverse("receipt", args=[done.pk])
    there = reverse("operations-request", args=[done.pk]) + "#refund"
    assert there not in browser(studio.owner).get(address).text
    type(studio.owner).objects.filter(pk=studio.owner.pk).update(is_staff=True)
    assert there in browser(studio.owner).get(address).text
