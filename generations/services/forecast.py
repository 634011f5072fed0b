"""When the credits run out, if the team goes on as it did.

Each weekday is expected to cost what it usually did, by the median of the last eight weeks: teams
rest at weekends, and one large order must not move the day.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import median_high, median_low

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

    @property
    def needs(self) -> int:
        return NEEDS_DAYS


def run_out(*, available: int, spent: Mapping[date, int], today: date) -> Forecast:
    """The day on which `available` would be used up. `spent` may hold today's part, too."""
    history = _history(spent, today)
    days = len(history)
    if available <= 0:
        return Forecast(Outlook.EMPTY, days)
    if days < NEEDS_DAYS:
        return Forecast(Outlook.UNKNOWN, days)
    usual = _by_weekday(history)
    if not any(usual.values()):
        return Forecast(Outlook.IDLE, days)
    return _follow(available, usual, today=today, days=days, already=spent.get(today, 0))


def _history(spent: Mapping[date, int], today: date) -> dict[date, int]:
    """What each ended day cost since the team began to spend; a day of rest cost nothing."""
    began = min((day for day, amount in spent.items() if amount), default=today)
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


def _follow(
    available: int, usual: Mapping[int, int], *, today: date, days: int, already: int
) -> Forecast:
    left = available + min(already, usual[today.weekday()])  # Today's part of it is spent.
    for ahead in range(LOOKS_AHEAD):
        day = today + ahead * ONE_DAY
        left -= usual[day.weekday()]
        if left <= 0:
            return Forecast(Outlook.DATED, days, day)
    return Forecast(Outlook.FAR, days)
