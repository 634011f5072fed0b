"""A month of one's own spending."""

import csv
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from accounts.models import BooksCheck
from accounts.services import ledger
from generations.services.statement import Month
from generations.views import own_statement
from tests import factories
from tests.generations.spending import account_of, spent
from tests.generations.views.studio import Studio, browser

pytestmark = pytest.mark.django_db
CREDIT = factories.CREDIT
THIS_MONTH = Month(timezone.now().date().replace(day=1))
PAGE = f"/usage/statement/{THIS_MONTH}/mine/"
FILE = f"/usage/statement/{THIS_MONTH}/mine.csv"


@async_to_sync
async def read(response: Any) -> str:
    return b"".join([part async for part in response]).decode()


@pytest.fixture
def busy(studio: Studio) -> Studio:
    """The author spent twice, of which one came back in part, and a colleague once."""
    for author in (studio.author, studio.author, studio.colleague):
        done = factories.succeeded(factories.request(of=studio.team, by=author))
        if author == studio.author:
            first = done
    ledger.refund(hold=first.hold_id, amount=CREDIT, reference="r1", reason="Blurred")
    return studio


def test_it_says_what_one_spent_and_what_came_back(busy: Studio, mine: Client) -> None:
    page = mine.get(PAGE).context

    assert (page["charged"], page["back"]) == (2 * factories.PRICE, CREDIT)
    assert page["cost"] == 2 * factories.PRICE - CREDIT
    assert [line.amount for line in page["lines"]] == [-factories.PRICE] * 2 + [CREDIT]


def test_it_says_nothing_of_others_nor_of_what_the_team_has(busy: Studio, mine: Client) -> None:
    text = mine.get(PAGE).text.split("<main", 1)[1]

    assert busy.colleague.display_name not in text
    assert "Balance" not in text
    assert "Your statement of" in mine.get("/usage/").text


def test_what_is_reserved_is_ones_own(busy: Studio, mine: Client) -> None:
    for author in (busy.author, busy.colleague):
        factories.request(of=busy.team, by=author)

    (line,) = mine.get(PAGE).context["reserved"]

    assert line.person == busy.author


def test_a_long_month_goes_on(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_statement, "PAGE", 2)
    for _ in range(3):
        spent(studio.team, CREDIT, on=timezone.now().date(), by=studio.author)

    first = mine.get(PAGE).context
    rest = mine.get(PAGE, {"after": first["further"]}).context

    assert [len(page["lines"]) for page in (first, rest)] == [2, 1]
    assert rest["further"] is None
    assert rest["charged"] == 3 * CREDIT


def test_the_file_holds_ones_own_entries_and_no_balance(busy: Studio, mine: Client) -> None:
    rows = list(csv.DictReader(read(mine.get(FILE)).splitlines()))

    assert [row["amount"] for row in rows] == ["-3.3", "-3.3", "1"]
    assert {row["member"] for row in rows} == {busy.author.email}
    assert {row["running_balance"] for row in rows} == {""}


@pytest.mark.parametrize("address", [PAGE, FILE])
def test_while_the_books_are_wrong_there_is_none(busy: Studio, mine: Client, address: str) -> None:
    account = account_of(busy.team)
    found = {"I1": {"count": 1, "accounts": [account.pk], "house": False}}
    BooksCheck.objects.create(entries=1, problems=["wrong"], found=found, seconds=0)

    page = mine.get(address)

    assert page.status_code == 409
    assert "/usage/books/" not in page.text.split("<main", 1)[1]


def test_there_is_none_of_a_month_to_come(studio: Studio, mine: Client) -> None:
    assert mine.get(f"/usage/statement/{THIS_MONTH.next}/mine/").status_code == 404


def test_an_owner_has_one_of_their_own_too(busy: Studio) -> None:
    assert browser(busy.owner).get(PAGE).context["charged"] == 0
