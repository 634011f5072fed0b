"""When the credits run out, if the team goes on as it did.

Each weekday is expected to cost what it usually did, by the median of the last eight weeks: teams
rest at weekends, and one large order must not move the day. Credits that run out are gone by then,
and those of the team's plan are there from their month on.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from statistics import median_high, median_low

from accounts.services.run_outs import Portion

ONE_DAY = timedelta(days=1)
LOOKS_BACK = timedelta(weeks=8)
NEEDS_DAYS = 14  # Fewer, and a weekday is judged by a single one.
LOOKS_AHEAD = 366


class Outlook(StrEnum):
    DATED = "dated"
    FAR = "far"  # not within a year
    IDLE = "idle"  # nothing is usually spent
    EMPTY = "empty"  # nothing is left
    UNKNOWN = "unknown"  # too few days to say


@dataclass(frozen=True, slots=True)
class Forecast:
    """`days` says how many ended days it rests on; `runs_out` is there when it is DATED."""

    outlook: Outlook
    days: int
    runs_out: date | None = None
    some_end: bool = False  # credits that run out by themselves were reckoned with
    coming: Portion | None = None  # the first of a plan's credits that were reckoned with

    @property
    def needs(self) -> int:
        return NEEDS_DAYS


def run_out(
    *,
    available: int,
    spent: Mapping[date, int],
    today: date,
    portions: Sequence[Portion] = (),
    began: date | None = None,
) -> Forecast:
    """The day on which `available` would be used up. `spent` may hold today's part, too.

    `portions` are what is available, in the order in which it is burnt, where some of it runs out
    or more is to come. The team `began` to spend on a day; unsaid, on the first of `spent`.
    """
    history = _history(spent, today, began=began)
    days = len(history)
    if available <= 0:
        return Forecast(Outlook.EMPTY, days)
    if days < NEEDS_DAYS:
        return Forecast(Outlook.UNKNOWN, days)
    usual = _by_weekday(history)
    needs = _needs(usual, today, already=spent.get(today, 0))
    last = _last_day(portions or [Portion(available)], needs, today)
    until = last or date.max
    some_end = any(one.last_day and one.last_day <= until for one in portions)
    come = [one for one in portions if one.first_day and one.has_come(until)]
    coming = min(come, key=lambda one: one.first_day or until, default=None)
    if last:
        return Forecast(Outlook.DATED, days, last, some_end, coming)
    outlook = Outlook.FAR if any(usual.values()) else Outlook.IDLE
    return Forecast(outlook, days, None, some_end, coming)


def _history(spent: Mapping[date, int], today: date, *, began: date | None) -> dict[date, int]:
    """What each ended day cost since the team began to spend; a day of rest cost nothing."""
    began = began or min((day for day, amount in spent.items() if amount), default=today)
    first = max(began, today - LOOKS_BACK)
    return {
        day: spent.get(day, 0) for day in (first + n * ONE_DAY for n in range((today - first).days))
    }


def _by_weekday(history: Mapping[date, int]) -> dict[int, int]:
    amounts: dict[int, list[int]] = defaultdict(list)
    for day, amount in history.items():
        amounts[day.weekday()].append(amount)
    return {weekday: _median(seen) for weekday, seen in amounts.items()}


def _median(amounts: list[int]) -> int:
    return (median_low(amounts) + median_high(amounts)) // 2


def _needs(usual: Mapping[int, int], today: date, *, already: int) -> list[int]:
    """What each day from today on is expected to take; today's part of it is spent."""
    days = (today + ahead * ONE_DAY for ahead in range(LOOKS_AHEAD))
    first, *others = (usual[day.weekday()] for day in days)
    return [max(first - already, 0), *others]


def _last_day(portions: Sequence[Portion], needs: Sequence[int], today: date) -> date | None:
    """The day at whose end nothing is left, if there is one among these."""
    left = list(portions)
    for ahead, need in enumerate(needs):
        day = today + ahead * ONE_DAY
        rest, missing = _burn(left, need, day)
        left = [one for one in rest if one.last_day is None or one.last_day > day]
        # What comes at midnight follows on what was just enough, not on what was too little.
        if missing or not any(one.has_come(day + ONE_DAY) for one in left):
            return day
    return None


def _burn(portions: Sequence[Portion], need: int, day: date) -> tuple[list[Portion], int]:
    """What a day leaves of them, in their order, and how much it lacked."""
    left = []
    for one in portions:
        taken = min(one.amount, need) if one.has_come(day) else 0
        need -= taken
        if taken < one.amount:
            left.append(replace(one, amount=one.amount - taken))
    return left, need
