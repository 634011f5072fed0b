"""A month's statement and its file."""

import base64
import csv
import hashlib

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import User
from generations.services.statement import Month
from generations.views import statement
from tests import factories
from tests.generations.spending import days_ago, granted, spent
from tests.generations.views.studio import Studio, browser

pytestmark = pytest.mark.django_db
CREDIT = factories.CREDIT
THIS_MONTH = Month(timezone.now().date().replace(day=1))
PAGE = f"/usage/statement/{THIS_MONTH}/"
FILE = f"/usage/statement/{THIS_MONTH}.csv"


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


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_the_digest_that_comes_with_the_file(studio: Studio) -> None:
    spent(studio.team, 30 * CREDIT, on=THIS_MONTH.first, by=studio.author)
    shown = browser(studio.owner).get(PAGE).context["digest"]
    file, header = download(studio.owner, FILE)

    assert hashlib.sha256(file).hexdigest() == shown
    assert header == f"sha-256=:{base64.b64encode(bytes.fromhex(shown)).decode()}:"


@pytest.mark.django_db(transaction=True)
def test_a_members_download_holds_their_own_entries(studio: Studio) -> None:
    spent(studio.team, 3 * CREDIT, on=days_ago(1), by=studio.author)
    spent(studio.team, 5 * CREDIT, on=days_ago(1), by=studio.colleague)

    body, _ = download(studio.author, "/usage/ledger.csv?period=7d")

    (row,) = csv.DictReader(body.decode().splitlines())
    assert (row["member"], row["amount"]) == (studio.author.email, "-3")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("period", "entries"), [("7d", 1), ("all", 3), ("nonsense", 1)])
def test_a_download_is_of_its_period(studio: Studio, period: str, entries: int) -> None:
    granted(studio.team, CREDIT, on=days_ago(500))
    granted(studio.team, CREDIT, on=days_ago(400))

    body, _ = download(studio.owner, f"/usage/ledger.csv?period={period}")

    assert len(body.decode().splitlines()) == 1 + entries


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
