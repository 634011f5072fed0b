"""What was used in a period, from kept days and from the entries themselves alike."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import CreditAccount, EntryKind, LedgerEntry, Plan, Team, TeamPlan, User
from accounts.services import funds, plans
from generations.models import UsageDay
from generations.services import usage, usage_days
from generations.services.forecast import Outlook
from generations.services.usage import Cut, Period
from tests import factories
from tests.factories import CREDIT
from tests.generations.spending import (
    TODAY,
    account_of,
    days_ago,
    failed,
    given_back,
    granted,
    spent,
)

pytestmark = pytest.mark.django_db

MONTH = usage.periods(TODAY)[1]
MODELS = ("flux/dev", "flux/schnell", "flux-realism")
QUICK = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Days ago, who, which model, how much.
HISTORY = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 2), st.integers(0, 2), st.integers(1, 10**7)),
    min_size=1,
    max_size=15,
)


def team_of_three() -> tuple[Team, list[User]]:
    team = factories.team(amount=0)
    CreditAccount.objects.get_or_create(team=team, kind="team")
    granted(team, 10**10, on=days_ago(60))
    return team, [factories.owner_of(team), factories.member(team), factories.member(team)]


def captured(team: Team, since: date) -> int:
    entries = LedgerEntry.objects.filter(
        kind=EntryKind.CAPTURE, debit__team=team, created_at__date__gte=since
    )
    return sum(entry.amount for entry in entries)


def read(team: Team, period: Period = MONTH, *, cut: Cut = Cut.MODEL) -> usage.Usage:
    return usage.read(account_of(team), period, cut=cut)[0]


@QUICK
@given(HISTORY)
def test_every_cut_adds_up_to_the_captures_wherever_it_is_read_from(
    history: list[tuple[int, int, int, int]],
) -> None:
    team, people = team_of_three()
    for days, who, which, amount in history:
        spent(team, amount, on=days_ago(days), by=people[who], model=MODELS[which], images=0)
    before = [read(team, cut=cut) for cut in Cut]
    usage_days.roll_up(account_of(team), until=days_ago(10))
    between = [read(team, cut=cut) for cut in Cut]
    usage_days.close_days()
    after = [read(team, cut=cut) for cut in Cut]

    assert before == between == after
    for used in after:
        total = captured(team, MONTH.since)
        assert used.whole.spent == total
        assert sum(one.spent for one in used.models.values()) == total
        assert sum(one.spent for one in used.members.values()) == total
        assert sum(sum(column.values()) for column in used.by_day.values()) == total


def test_a_member_is_told_of_their_own_use_alone() -> None:
    team, (owner, member, _) = team_of_three()
    spent(team, 5, on=days_ago(3), by=owner)
    spent(team, 7, on=days_ago(3), by=member)
    spent(team, 2, on=TODAY, by=member)
    fresh, forecast = usage.read(account_of(team), MONTH, user=member)
    usage_days.close_days()
    kept, _ = usage.read(account_of(team), MONTH, user=member)

    assert fresh.whole == kept.whole
    assert (kept.whole.spent, kept.whole.images) == (9, 2)
    assert forecast is None


def test_failures_images_and_refunds_are_counted_with_their_model() -> None:
    team, _ = team_of_three()
    asked = spent(team, 10, on=days_ago(5), images=3)
    given_back(asked, 4, on=days_ago(2))
    failed(team, on=days_ago(5))
    usage_days.close_days()

    totals = read(team).models[factories.MODEL]

    assert (totals.spent, totals.refunded, totals.images) == (10, 4, 3)
    assert (totals.failed, totals.ended, totals.failure_rate) == (1, 2, 50.0)
    assert totals.each == 3


def test_a_day_on_which_everything_failed_is_kept_too() -> None:
    team, _ = team_of_three()
    failed(team, on=days_ago(5))
    spent(team, 10, on=days_ago(4))
    usage_days.close_days()

    assert read(team).whole.failed == 1
    assert UsageDay.objects.filter(day=days_ago(5)).exists()


def test_today_is_never_kept() -> None:
    team, _ = team_of_three()
    spent(team, 10, on=TODAY)
    usage_days.close_days()

    assert not UsageDay.objects.filter(day=TODAY).exists()
    assert read(team).whole.spent == 10


def test_rolling_up_twice_changes_nothing() -> None:
    team, _ = team_of_three()
    spent(team, 10, on=days_ago(40))
    spent(team, 10, on=days_ago(3))
    usage_days.close_days()
    kept = list(UsageDay.objects.values())
    usage_days.close_days()

    assert list(UsageDay.objects.values()) == kept


def test_a_year_is_drawn_by_weeks_that_hold_all_of_it() -> None:
    year = Period("year", "This year", date(2026, 1, 1), date(2026, 11, 20))

    assert year.columns[:3] == [date(2026, 1, 1), date(2026, 1, 5), date(2026, 1, 12)]
    assert year.columns[-1] == date(2026, 11, 16)
    assert {year.column_of(year.since + timedelta(days=n)) for n in range(year.days)} == set(
        year.columns
    )


def test_a_years_weeks_are_the_same_from_kept_days() -> None:
    team, (owner, *_) = team_of_three()
    year = Period("year", "This year", days_ago(300), TODAY)
    for days in (300, 299, 200, 100, 8, 7, 1):
        spent(team, days, on=days_ago(days), by=owner, images=0)
    before = [read(team, year, cut=cut) for cut in Cut]
    usage_days.close_days()

    assert [read(team, year, cut=cut) for cut in Cut] == before
    assert before[0].whole.spent == 915


def test_the_forecast_rests_on_kept_days_and_on_today() -> None:
    team, _ = team_of_three()
    for days in range(20):
        spent(team, 10**8, on=days_ago(days), images=0)
    usage_days.close_days()

    forecast = usage.read(account_of(team), usage.periods(TODAY)[0])[1]

    assert forecast is not None
    assert (forecast.outlook, forecast.days) == (Outlook.DATED, 19)
    # 80 days' worth is left, and today's is spent.
    assert forecast.runs_out == TODAY + timedelta(days=80)


def test_the_usual_time_is_the_median_of_the_last_ones() -> None:
    team, _ = team_of_three()
    for seconds in (4, 60, 6):
        spent(team, 1, on=days_ago(2), seconds=seconds)
    spent(team, 1, on=days_ago(40), seconds=100)

    medians = usage.median_seconds(team, ["flux/dev", "flux/schnell"], since=days_ago(7))

    assert medians == {"flux/dev": 6.0}


def test_the_forecast_does_not_count_on_credits_that_run_out_first() -> None:
    team = factories.team(amount=0)
    ends = timezone.now() + timedelta(days=2)
    funds.promote(
        team=team, amount=1_000 * CREDIT, reference="spring", reason="Spring", expires_at=ends
    )
    for days in range(1, 30):
        spent(team, 10 * CREDIT, on=days_ago(days))

    forecast = usage.read(account_of(team), usage.periods(TODAY)[1])[1]

    assert forecast is not None
    assert forecast.runs_out == (ends - timedelta.resolution).date()


def test_the_forecast_counts_on_what_the_teams_plan_will_give() -> None:
    team = factories.team(amount=0)
    plan = Plan.objects.create(name="Studio", credits=500 * CREDIT)
    plans.subscribe(by=factories.staff(), team=team, plan=plan, reason="Order 17")
    for days in range(1, 57):
        spent(team, CREDIT, on=days_ago(days), images=0)
    CreditAccount.objects.filter(team=team).update(posted=500 * CREDIT)

    forecast = usage.read(account_of(team), usage.periods(TODAY)[1])[1]

    assert forecast is not None
    assert forecast.outlook == Outlook.FAR
    assert forecast.coming is not None
    assert forecast.coming.first_day == plans.next_grant(TeamPlan.objects.get())


def test_a_team_that_rested_for_long_is_old_all_the_same() -> None:
    team, _ = team_of_three()
    spent(team, 10, on=days_ago(58), images=0)
    for days in range(1, 11):
        spent(team, 10, on=days_ago(days), images=0)

    forecast = usage.read(account_of(team), MONTH)[1]

    assert forecast is not None
    assert (forecast.days, forecast.outlook) == (56, Outlook.IDLE)
