"""Reading an account's entries in order, with the balance after each."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AccountDay, CreditAccount, LedgerEntry, Team
from accounts.services import entries
from tests import factories
from tests.generations.spending import account_of, days_ago, granted, spent

pytestmark = pytest.mark.django_db

QUICK = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HISTORY = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 23), st.integers(1, 9)), min_size=1, max_size=12
)


def team_with(history: list[tuple[int, int, int]]) -> Team:
    """A team that got plenty a week ago and spent as the history says: days ago, hour, amount."""
    team = factories.team(amount=0)
    CreditAccount.objects.get_or_create(team=team, kind="team")
    granted(team, 1_000, on=days_ago(7))
    for days, hour, amount in history:
        spent(team, amount, on=days_ago(days), at=time(hour, tzinfo=UTC), images=0)
    return team


def balances(account: CreditAccount, **page: object) -> list[int | None]:
    found = entries.newest(account, limit=50, **page)  # type: ignore[arg-type]  # handed on
    return [line.balance for line in entries.with_balances(account, found)]


def added_up(account: CreditAccount) -> list[int]:
    """The balance after each entry, newest first, without any short cut."""
    balance, after = 0, []
    ours = LedgerEntry.objects.filter(debit=account) | LedgerEntry.objects.filter(credit=account)
    for entry in ours.order_by("created_at", "id"):
        balance += entries.signed(account, entry)
        after.append(balance)
    return after[::-1]


@QUICK
@given(HISTORY)
def test_balances_are_the_same_from_kept_days_and_without(
    history: list[tuple[int, int, int]],
) -> None:
    account = account_of(team_with(history))
    expected = added_up(account)

    assert balances(account) == expected
    entries.close_days(account, until=days_ago(3))
    assert balances(account) == expected
    entries.close_days(account)
    assert balances(account) == expected
    assert expected[0] == account_of(account.team or factories.team()).posted


def test_a_page_goes_on_where_the_one_before_it_ended() -> None:
    account = account_of(team_with([(2, 5, 1), (2, 5, 2), (2, 5, 3), (1, 9, 4)]))
    first = entries.with_balances(account, entries.newest(account, limit=2))
    rest = balances(account, before=first[-1].entry)

    assert [line.balance for line in first] + rest == added_up(account)


def test_a_balance_at_a_moment_counts_what_came_before_it() -> None:
    account = account_of(team_with([(2, 5, 10), (1, 9, 4)]))
    noon = datetime.combine(days_ago(1), time(9, tzinfo=UTC))

    assert entries.balance_at(account, noon) == 990
    assert entries.balance_at(account, noon + timedelta(seconds=1)) == 986
    entries.close_days(account)
    assert entries.balance_at(account, noon) == 990


def test_a_day_is_closed_once_nothing_can_be_added_to_it() -> None:
    half_past = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)

    assert entries.last_ended_day(half_past) == date(2026, 2, 28)
    assert entries.last_ended_day(half_past + timedelta(minutes=31)) == date(2026, 3, 1)


def test_closing_twice_changes_nothing() -> None:
    account = account_of(team_with([(3, 5, 10), (2, 9, 4)]))

    assert entries.close_days(account) == 3
    assert entries.close_days(account) == 0
    assert list(AccountDay.objects.order_by("day").values_list("closing", flat=True)) == [
        1_000,
        990,
        986,
    ]
