"""A month's statement and its file."""

import base64
import csv
import hashlib
from collections.abc import Callable

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import BooksCheck, User
from generations.services import exports
from generations.services.statement import Month
from generations.views import statement
from tests import factories
from tests.generations.spending import account_of, days_ago, granted, spent
from tests.generations.views.studio import HTMX, Studio, browser

pytestmark = pytest.mark.django_db
CREDIT = factories.CREDIT
THIS_MONTH = Month(timezone.now().date().replace(day=1))
PAGE = f"/usage/statement/{THIS_MONTH}/"
FILE = f"/usage/statement/{THIS_MONTH}.csv"
LAST_YEAR = Month(days_ago(366).replace(day=1))

Test = Callable[..., None]


def by_hand(test: Test) -> Test:
    """Over ASGI, which commits; what is written into the past by hand was spent before it came."""
    return pytest.mark.django_db(transaction=True)(pytest.mark.wrong_books(test))


@pytest.fixture
def owners(studio: Studio) -> Client:
    return browser(studio.owner)


@async_to_sync
async def download(user: User, address: str) -> tuple[bytes, str]:
    """The file and its Repr-Digest, over ASGI as it is served."""
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.get(address)
    assert response.is_async  # type: ignore[attr-defined]  # or Django would gather it whole
    body = b"".join([part async for part in response])  # type: ignore[attr-defined]  # streams
    response.close()
    return body, response["Repr-Digest"]


def test_a_statement_leads_from_its_opening_to_its_closing(owners: Client, studio: Studio) -> None:
    granted(studio.team, 100 * CREDIT, on=THIS_MONTH.previous.first)
    spent(studio.team, 30 * CREDIT, on=THIS_MONTH.first, by=studio.author)

    page = owners.get(PAGE).context

    assert (page["opening"], page["came"], page["went"]) == (
        100 * CREDIT,
        1000 * CREDIT,
        30 * CREDIT,
    )
    assert page["closing"] == page["lines"][-1].balance == 1070 * CREDIT


def test_what_is_reserved_stands_apart(owners: Client, studio: Studio) -> None:
    factories.request(of=studio.team, by=studio.author)
    page = owners.get(PAGE)

    assert [line.amount for line in page.context["reserved"]] == [-factories.PRICE]
    assert page.context["closing"] == 1000 * CREDIT


def test_what_was_open_at_the_end_of_a_month_is_reserved_in_it(
    owners: Client, studio: Studio
) -> None:
    late = spent(studio.team, CREDIT, on=THIS_MONTH.first, by=studio.author)
    type(late).objects.filter(pk=late.pk).update(created_at=THIS_MONTH.previous.since)

    page = owners.get(f"/usage/statement/{THIS_MONTH.previous}/").context

    assert [line.request for line in page["reserved"]] == [late]


@by_hand
def test_the_page_shows_the_digest_that_comes_with_the_file(studio: Studio) -> None:
    spent(studio.team, 30 * CREDIT, on=THIS_MONTH.first, by=studio.author)
    shown = browser(studio.owner).get(f"{PAGE}file/").context["file"].digest
    file, header = download(studio.owner, FILE)

    assert hashlib.sha256(file).hexdigest() == shown
    assert header == f"sha-256=:{base64.b64encode(bytes.fromhex(shown)).decode()}:"


@by_hand
def test_a_members_download_holds_their_own_entries(studio: Studio) -> None:
    spent(studio.team, 3 * CREDIT, on=days_ago(1), by=studio.author)
    spent(studio.team, 5 * CREDIT, on=days_ago(1), by=studio.colleague)

    body, _ = download(studio.author, "/usage/ledger.csv?period=7d")

    (row,) = csv.DictReader(body.decode().splitlines())
    assert (row["member"], row["amount"]) == (studio.author.email, "-3")


@by_hand
@pytest.mark.parametrize(("period", "entries"), [("7d", 1), ("all", 3), ("nonsense", 1)])
def test_a_download_is_of_its_period(studio: Studio, period: str, entries: int) -> None:
    granted(studio.team, CREDIT, on=days_ago(500))
    granted(studio.team, CREDIT, on=days_ago(400))

    body, _ = download(studio.owner, f"/usage/ledger.csv?period={period}")

    assert len(body.decode().splitlines()) == 1 + entries


@by_hand
@pytest.mark.parametrize(
    ("query", "amounts"),
    [
        ("kind=capture", ["-3", "-5"]),
        ("kind=grant", ["1", "1000"]),
        ("kind=reserved", []),
        ("kind=capture&person={person}", ["-5"]),
        ("person={person}", ["-5"]),
        ("", ["1", "-3", "-5", "1000"]),
    ],
)
def test_a_download_holds_what_the_page_was_narrowed_to(
    studio: Studio, query: str, amounts: list[str]
) -> None:
    granted(studio.team, CREDIT, on=days_ago(400))
    spent(studio.team, 3 * CREDIT, on=days_ago(300), by=studio.author)
    spent(studio.team, 5 * CREDIT, on=days_ago(200), by=studio.colleague)
    narrowed = query.format(person=studio.colleague.pk)

    body, _ = download(studio.owner, f"/usage/ledger.csv?period=all&{narrowed}")

    rows = list(csv.DictReader(body.decode().splitlines()))
    balances = {"1": "1", "-3": "-2", "-5": "-7", "1000": "993"}
    assert [row["amount"] for row in rows] == amounts
    assert [row["running_balance"] for row in rows] == [balances[one] for one in amounts]


def test_the_page_leads_to_the_file_of_what_it_shows(owners: Client, studio: Studio) -> None:
    page = owners.get("/usage/ledger/?kind=capture&period=7d&before=1")
    assert 'href="/usage/ledger.csv?kind=capture&amp;period=7d"' in page.text
    assert 'href="/usage/ledger.csv?period=all"' in owners.get("/usage/ledger/").text
    assert "ledger.csv" not in owners.get("/usage/ledger/?kind=reserved").text


@by_hand
def test_a_statement_that_was_given_out_is_recognised(studio: Studio) -> None:
    granted(studio.team, CREDIT, on=LAST_YEAR.first)
    address = f"/usage/statement/{LAST_YEAR}"
    assert "The same file as on" not in browser(studio.owner).get(f"{address}/file/").text
    download(studio.owner, f"{address}.csv")

    assert "The same file as on" in browser(studio.admin).get(f"{address}/file/").text
    granted(studio.team, CREDIT, on=LAST_YEAR.first)
    changed = browser(studio.owner).get(f"{address}/file/").text
    assert "This is not the statement that was given out on" in changed
    assert "That file had 1 entry, this one" in " ".join(changed.split())


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}file/", FILE])
def test_no_statement_is_given_out_while_the_books_are_wrong(
    owners: Client, studio: Studio, address: str
) -> None:
    account = account_of(studio.team)
    found = {"I1": {"count": 1, "accounts": [account.pk], "house": False}}
    BooksCheck.objects.create(entries=1, problems=["wrong"], found=found, seconds=0)

    answer = owners.get(address)

    assert answer.status_code == 409
    assert "The books of Northlight do not balance" in answer.text
    assert 'href="/usage/books/"' in answer.text


def test_a_long_statement_goes_on_with_its_balance(
    owners: Client, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for amount in (1, 2, 3):
        spent(studio.team, amount * CREDIT, on=days_ago(0), by=studio.author)
    whole = owners.get(PAGE).context["lines"]
    monkeypatch.setattr(statement, "PAGE", 2)
    first = owners.get(PAGE).context
    second = owners.get(f"{PAGE}?after={first['further']}").context

    assert [one.balance for one in whole] == [
        one.balance for one in [*first["lines"], *second["lines"]]
    ]
    assert second["further"] is None


def test_the_page_does_not_wait_for_its_file(
    owners: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    monkeypatch.setattr(exports, "make", lambda *which: made.append(which))

    page = owners.get(PAGE)

    assert made == []
    assert f'hx-get="{PAGE}file/" hx-trigger="load"' in page.text
    assert f'href="{PAGE}file/"' in page.text


@by_hand
def test_that_a_statement_differs_is_said_above_it(studio: Studio) -> None:
    granted(studio.team, CREDIT, on=LAST_YEAR.first)
    download(studio.owner, f"/usage/statement/{LAST_YEAR}.csv")
    granted(studio.team, CREDIT, on=LAST_YEAR.first)

    part = browser(studio.owner).get(f"/usage/statement/{LAST_YEAR}/file/", headers=HTMX).text

    assert "<html" not in part
    assert 'hx-swap-oob="beforebegin:#figures"' in part
    assert "This is not the statement that was given out on" in part


@pytest.mark.parametrize("address", [PAGE, FILE])
def test_a_statement_is_for_who_answers_for_the_credits(studio: Studio, address: str) -> None:
    assert browser(studio.author).get(address).status_code == 403
    assert browser(studio.viewer).get(address).status_code == 403
    assert browser(studio.admin).get(address).status_code == 200


@pytest.mark.parametrize("month", ["2026-13", "0000-01", "2026-1", str(THIS_MONTH.next)])
def test_there_is_no_statement_of_what_is_no_past_month(owners: Client, month: str) -> None:
    assert owners.get(f"/usage/statement/{month}/").status_code == 404


def test_a_month_that_runs_is_called_so(owners: Client) -> None:
    past = owners.get(f"/usage/statement/{THIS_MONTH.previous}/").text

    assert "This month is not over" in owners.get(PAGE).text
    assert ("This month is not over" in past) == (timezone.now().day == 1)


@pytest.mark.parametrize("month", ["0001-01", "0500-01", "1999-12", "9999-12", "2026-13"])
@pytest.mark.parametrize("what", ["/", ".csv", "/mine/", "/mine.csv"])
def test_a_month_that_cannot_have_been_is_no_address(owners: Client, month: str, what: str) -> None:
    assert owners.get(f"/usage/statement/{month}{what}").status_code == 404


@pytest.mark.parametrize("what", ["", "mine/"])
def test_the_earliest_month_leads_to_none_before_it(owners: Client, what: str) -> None:
    earliest = owners.get(f"/usage/statement/2000-01/{what}").text
    second = owners.get(f"/usage/statement/2000-02/{what}").text

    assert 'rel="prev"' not in earliest
    assert f'href="/usage/statement/2000-02/{what}" rel="next"' in earliest
    assert f'href="/usage/statement/2000-01/{what}" rel="prev"' in second
