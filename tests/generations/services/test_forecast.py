"""When the credits run out: by weekday, honest about little data."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from accounts.services.run_outs import Portion
from generations.services.forecast import NEEDS_DAYS, Outlook, run_out

TODAY = date(2026, 11, 20)  # a Friday
WEEK = timedelta(days=7)
ONE_DAY = timedelta(days=1)


def every_day(amount: int, *, days: int = 56) -> dict[date, int]:
    return {TODAY - (n + 1) * ONE_DAY: amount for n in range(days)}


def on_weekdays(amount: int, *, days: int = 56) -> dict[date, int]:
    return {day: amount for day in every_day(amount, days=days) if day.weekday() < 5}


def test_a_steady_pace_runs_out_on_the_day_it_says() -> None:
    forecast = run_out(available=100, spent=every_day(10), today=TODAY)

    assert forecast.runs_out == TODAY + 9 * ONE_DAY
    assert (forecast.outlook, forecast.days) == (Outlook.DATED, 56)


def test_nothing_is_expected_on_days_of_rest() -> None:
    forecast = run_out(available=25, spent=on_weekdays(10), today=TODAY)

    # Friday and Monday take ten each, the weekend none, Tuesday the rest.
    assert forecast.runs_out == date(2026, 11, 24)


def test_one_large_order_does_not_move_the_day() -> None:
    usual = every_day(10)
    once = usual | {TODAY - 3 * ONE_DAY: 5_000}

    assert run_out(available=300, spent=once, today=TODAY) == run_out(
        available=300, spent=usual, today=TODAY
    )


def test_what_was_spent_today_is_not_expected_again() -> None:
    spent = every_day(10) | {TODAY: 10}

    assert run_out(available=10, spent=spent, today=TODAY).runs_out == TODAY + ONE_DAY


def test_two_weeks_are_needed_to_say_anything() -> None:
    almost = run_out(available=100, spent=every_day(10, days=NEEDS_DAYS - 1), today=TODAY)
    enough = run_out(available=100, spent=every_day(10, days=NEEDS_DAYS), today=TODAY)

    assert (almost.outlook, almost.runs_out, almost.days) == (Outlook.UNKNOWN, None, 13)
    assert enough.outlook == Outlook.DATED


def test_a_team_that_rests_has_no_last_day() -> None:
    long_ago = {TODAY - 50 * ONE_DAY: 10}

    assert run_out(available=100, spent=long_ago, today=TODAY).outlook == Outlook.IDLE


def test_more_than_a_year_is_not_a_date() -> None:
    forecast = run_out(available=10_000, spent=every_day(1), today=TODAY)

    assert (forecast.outlook, forecast.runs_out) == (Outlook.FAR, None)


def test_nothing_left_needs_no_forecast() -> None:
    assert run_out(available=0, spent={}, today=TODAY).outlook == Outlook.EMPTY


def test_what_runs_out_before_it_is_used_is_not_counted_on() -> None:
    ending = Portion(1_000, TODAY + ONE_DAY)

    forecast = run_out(
        available=1_050, spent=every_day(10), today=TODAY, portions=[ending, Portion(50)]
    )

    # Two days take twenty of what ends, then fifty last for five more.
    assert (forecast.runs_out, forecast.some_end) == (TODAY + 6 * ONE_DAY, True)


def test_what_is_used_before_it_runs_out_changes_nothing() -> None:
    ending = Portion(20, TODAY + WEEK)

    forecast = run_out(
        available=100, spent=every_day(10), today=TODAY, portions=[ending, Portion(80)]
    )

    assert forecast.runs_out == TODAY + 9 * ONE_DAY


def test_a_team_that_rests_has_a_last_day_where_all_it_has_runs_out() -> None:
    long_ago = {TODAY - 50 * ONE_DAY: 10}
    ending = Portion(100, TODAY + WEEK)

    forecast = run_out(available=100, spent=long_ago, today=TODAY, portions=[ending])
    lasting = run_out(available=101, spent=long_ago, today=TODAY, portions=[ending, Portion(1)])

    assert (forecast.outlook, forecast.runs_out) == (Outlook.DATED, TODAY + WEEK)
    assert lasting.outlook == Outlook.IDLE


def test_credits_that_a_plan_brings_are_counted_on_from_their_month() -> None:
    ending = Portion(300, date(2026, 11, 30))
    december = Portion(500, date(2026, 12, 31), date(2026, 12, 1))

    forecast = run_out(available=300, spent=every_day(20), today=TODAY, portions=[ending, december])

    assert (forecast.runs_out, forecast.coming) == (date(2026, 12, 25), december)


def test_credits_of_a_plan_that_come_too_late_are_not_counted_on() -> None:
    december = Portion(500, date(2026, 12, 31), date(2026, 12, 1))

    forecast = run_out(
        available=215, spent=every_day(20), today=TODAY, portions=[december, Portion(215)]
    )

    # On the last of November five are missing, whatever comes that night.
    assert (forecast.runs_out, forecast.coming) == (date(2026, 11, 30), None)
    assert not forecast.some_end


def test_a_plan_that_gives_what_is_needed_has_no_last_day() -> None:
    months = [date(2026, 12, 1), *(date(2027, month, 1) for month in range(1, 13))]
    lasting = [Portion(620, None, month) for month in months]

    forecast = run_out(
        available=220, spent=every_day(20), today=TODAY, portions=[*lasting, Portion(220)]
    )

    assert (forecast.outlook, forecast.coming) == (Outlook.FAR, lasting[0])


def test_rest_since_the_team_began_to_spend_is_reckoned_with() -> None:
    lately = every_day(10, days=10)

    unsaid = run_out(available=100, spent=lately, today=TODAY)
    young = run_out(available=100, spent=lately, today=TODAY, began=TODAY - 20 * ONE_DAY)
    old = run_out(available=100, spent=lately, today=TODAY, began=date(2024, 1, 1))

    assert (unsaid.outlook, unsaid.days) == (Outlook.UNKNOWN, 10)
    assert (young.outlook, young.days) == (Outlook.DATED, 20)
    assert (old.outlook, old.days) == (Outlook.IDLE, 56)


@given(
    daily=st.lists(st.integers(0, 10**9), min_size=7, max_size=7),
    available=st.integers(1, 10**11),
)
def test_a_week_that_repeats_itself_is_followed_to_the_credit(
    daily: list[int], available: int
) -> None:
    spent = {day: daily[day.weekday()] for day in every_day(0)}

    forecast = run_out(available=available, spent=spent, today=TODAY)

    until = forecast.runs_out or TODAY + 365 * ONE_DAY
    days = [TODAY + n * ONE_DAY for n in range((until - TODAY).days + 1)]
    cost = sum(daily[day.weekday()] for day in days)
    if forecast.outlook == Outlook.DATED:
        assert cost - daily[until.weekday()] < available <= cost
    else:
        assert cost < available
