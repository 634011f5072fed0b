from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import ApiToken, Budget, Period, Team, User
from accounts.services import rooms
from accounts.services.rooms import Room

WEDNESDAY = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
CREDIT = 1_000_000
SOMEBODY = User(email="ada@example.com")
TOKEN = ApiToken(name="Nightly", user=SOMEBODY)


def room(period: Period = Period.WEEK, *, used: int = 16, **whose: Any) -> Room:
    """Of 20 credits, at a Wednesday."""
    budget = Budget(team=Team(name="Studio"), period=period, amount=20 * CREDIT, **whose)
    return Room(budget, used * CREDIT, 0, rooms.end_of(period, WEDNESDAY))


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.DAY, datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)),
        (Period.WEEK, datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)),
        (Period.MONTH, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        (Period.TOTAL, datetime(1970, 1, 1, tzinfo=UTC), None),
    ],
)
def test_a_period_begins_and_ends_at_midnight_in_utc(
    period: Period, start: datetime, end: datetime | None
) -> None:
    assert rooms.start_of(period, WEDNESDAY) == start
    assert rooms.end_of(period, WEDNESDAY) == end


@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_ends_where_the_next_begins(month: int) -> None:
    end = rooms.end_of(Period.MONTH, datetime(2027, month, 28, 23, 59, tzinfo=UTC))
    assert end == datetime(2027 + month // 12, month % 12 + 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("used", "level"), [(9, 0), (10, 50), (15, 50), (16, 80), (20, 100)])
def test_half_most_and_all_of_a_limit_are_levels(used: int, level: int) -> None:
    assert room(used=used).level == level


def test_a_limit_of_nothing_is_full() -> None:
    nothing = Room(Budget(period=Period.DAY, amount=0), 0, 0)
    assert (nothing.percent, nothing.left) == (100, 0)


@pytest.mark.parametrize(
    ("period", "until"),
    [
        (Period.DAY, "daily limit is used: 4 credits left until tomorrow"),
        (Period.WEEK, "weekly limit is used: 4 credits left until Monday"),
        (Period.MONTH, "monthly limit is used: 4 credits left until 1 December"),
        (Period.TOTAL, "limit is used: 4 credits left"),
    ],
)
def test_what_is_left_is_said_with_its_end(period: Period, until: str) -> None:
    assert room(period, member=SOMEBODY).told == f"80 % of your {until}"


def test_below_half_only_what_is_left_is_said() -> None:
    assert room(used=4).told == "The team's weekly limit leaves 16 credits until Monday"


@pytest.mark.parametrize(
    ("whose", "words"),
    [
        ({"member": SOMEBODY}, "Your limit is 20 credits a week"),
        ({}, "The team's limit is 20 credits a week"),
        ({"token": TOKEN}, "The limit of the token Nightly is 20 credits a week"),
        ({"model": "flux-pro"}, "The team's limit for flux-pro is 20 credits a week"),
    ],
)
def test_a_limit_says_whose_it_is(whose: dict[str, Any], words: str) -> None:
    assert str(room(**whose)) == words


def test_only_what_is_the_whole_teams_is_not_personal() -> None:
    member, token, team = room(member=SOMEBODY), room(token=TOKEN), room()
    assert [one.is_personal for one in (member, token, team)] == [True, True, False]
