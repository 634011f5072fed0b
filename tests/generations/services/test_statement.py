"""The ledger as a file: the same sums as everywhere else, and safe to open."""

import csv
import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import CreditAccount, LedgerEntry, Team, User
from accounts.money import MICROCREDITS
from accounts.services import entries, ledger, tokens
from generations.models import GenerationRequest
from generations.services import statement
from generations.services.statement import COLUMNS, Month
from tests import factories
from tests.generations.spending import account_of, days_ago, given_back, granted, spent

pytestmark = pytest.mark.django_db

QUICK = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
THIS_MONTH = Month(timezone.now().date().replace(day=1))
Rows = list[dict[str, str]]


def whole(account: CreditAccount, month: Month, user: User | None = None) -> bytes:
    chunks = statement.csv_chunks(account, since=month.since, until=month.until, user=user)
    return b"".join(chunks)


def rows_of(file: bytes) -> Rows:
    return list(csv.DictReader(file.decode().splitlines()))


def micro(cell: str) -> int:
    return int(Decimal(cell) * MICROCREDITS)


def summed(rows: Iterable[dict[str, str]]) -> int:
    return sum(micro(row["amount"]) for row in rows)


def spending_team(amounts: Iterable[tuple[int, int]]) -> Team:
    team = factories.team(amount=0)
    CreditAccount.objects.get_or_create(team=team, kind="team")
    granted(team, 10**10, on=days_ago(80))
    for days, amount in amounts:
        spent(team, amount, on=days_ago(days), images=0)
    return team


@QUICK
@given(
    st.lists(st.tuples(st.integers(0, 70), st.integers(1, 10**8)), min_size=1, max_size=12),
    st.booleans(),
)
def test_opening_and_entries_make_the_closing_and_the_balance(
    amounts: list[tuple[int, int]], closed: bool
) -> None:
    team = spending_team(amounts)
    account = account_of(team)
    if closed:
        entries.close_days(account)
    for month in (THIS_MONTH.previous, THIS_MONTH):
        rows = rows_of(whole(account, month))
        opening = entries.balance_at(account, month.since)
        closing = entries.balance_at(account, month.until)
        totals = statement.totals_by_kind(account, since=month.since, until=month.until)

        assert opening + summed(rows) == closing
        assert summed(rows) == sum(total.came - total.went for total in totals)
        assert not rows or micro(rows[-1]["running_balance"]) == closing
    assert closing == ledger.balance(team=team).posted


def test_a_file_names_every_entry_once_in_order() -> None:
    account = account_of(spending_team([(0, 5), (0, 7)]))
    rows = rows_of(whole(account, THIS_MONTH))
    later = LedgerEntry.objects.filter(created_at__gte=THIS_MONTH.since)

    assert tuple(rows[0]) == COLUMNS
    assert [int(row["id"]) for row in rows] == list(
        later.order_by("created_at", "id").values_list("pk", flat=True)
    )


def test_an_entry_says_who_asked_for_what() -> None:
    team = spending_team([])
    someone = factories.member(team)
    asked = spent(team, 3_300_000, on=days_ago(0), by=someone)

    row = rows_of(whole(account_of(team), THIS_MONTH))[-1]

    assert (row["member"], row["request"]) == (someone.email, str(asked.pk))
    assert (row["kind"], row["model"], row["amount"]) == ("capture", factories.MODEL, "-3.3")
    assert row["created_at"].endswith("Z")


def test_an_entry_says_with_which_token_it_was_asked_for() -> None:
    team = spending_team([])
    owner = factories.owner_of(team)
    asked = spent(team, 5, on=days_ago(0), by=owner)
    token, _ = tokens.create(by=owner, team=team, name="=Nightly")
    GenerationRequest.objects.filter(pk=asked.pk).update(token=token)
    spent(team, 7, on=days_ago(0), by=owner)

    rows = rows_of(whole(account_of(team), THIS_MONTH))

    assert [row["token"] for row in rows[-2:]] == ["'=Nightly", ""]


def test_a_correction_stands_in_the_month_it_is_booked() -> None:
    team = spending_team([])
    asked = spent(team, 5, on=THIS_MONTH.previous.first)
    given_back(asked, 5, on=THIS_MONTH.first)
    account = account_of(team)

    before, now = (rows_of(whole(account, month)) for month in (THIS_MONTH.previous, THIS_MONTH))

    assert "refund" not in {row["kind"] for row in before}
    assert now[0]["kind"] == "refund"


def test_a_members_file_holds_their_own_entries_and_no_balance() -> None:
    team = spending_team([(0, 5)])
    someone = factories.member(team)
    spent(team, 7, on=days_ago(0), by=someone)

    (row,) = rows_of(whole(account_of(team), THIS_MONTH, user=someone))

    assert (row["amount"], row["running_balance"]) == ("-0.000007", "")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_cell_never_begins_as_a_formula(text: str) -> None:
    team = factories.team(amount=0)
    ledger.grant(team=team, amount=5, reason=text, reference="made")
    file = whole(account_of(team), THIS_MONTH).decode()
    row = next(csv.DictReader(file.splitlines(keepends=True)))

    assert row["memo"] == f"'{text}"


def test_a_kind_of_entry_from_a_later_version_is_still_shown() -> None:
    team = spending_team([(0, 5)])
    CreditAccount.objects.filter(team=team).update(posted=10**10 - 6)
    LedgerEntry.objects.create(
        debit=account_of(team),
        credit=CreditAccount.objects.get(kind="revenue"),
        amount=1,
        kind="tribute",
        key="tribute",
    )
    account = account_of(team)
    totals = statement.totals_by_kind(account, since=THIS_MONTH.since, until=THIS_MONTH.until)

    assert "Tribute" in {total.label for total in totals}
    assert "tribute" in {row["kind"] for row in rows_of(whole(account, THIS_MONTH))}


def test_the_digest_is_of_the_bytes_of_the_file() -> None:
    account = account_of(spending_team([(0, 5), (1, 6)]))
    file = whole(account, THIS_MONTH)
    again = statement.csv_chunks(account, since=THIS_MONTH.since, until=THIS_MONTH.until)

    assert statement.digest(again) == hashlib.sha256(file).hexdigest()


def test_a_long_file_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "CHUNK", 100)
    account = account_of(spending_team([(0, 5), (0, 6), (0, 7)]))
    chunks = statement.csv_chunks(account, since=THIS_MONTH.since, until=THIS_MONTH.until)

    assert len(list(chunks)) > 2


def test_months_follow_each_other_over_the_year() -> None:
    december = Month(date(2026, 12, 1))

    assert str(december.next) == "2027-01"
    assert str(december.next.previous) == "2026-12"
    assert december.until - december.since == timedelta(days=31)
