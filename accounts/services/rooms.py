"""What a limit leaves in its present period, and how that is said. Periods begin in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.formats import date_format

from accounts.models import Budget, Period
from accounts.money import say_credits

# Percent of a limit at which somebody is told.
WARNINGS = (50, 80, 100)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
ADJECTIVES = {
    Period.DAY: "daily ",
    Period.WEEK: "weekly ",
    Period.MONTH: "monthly ",
    Period.TOTAL: "",
}


@dataclass(frozen=True, slots=True)
class Room:
    """What a budget leaves in its present period, in microcredits."""

    budget: Budget
    used: int
    held: int
    until: datetime | None = None  # the period's end

    @property
    def left(self) -> int:
        return max(self.budget.amount - self.used - self.held, 0)

    @property
    def percent(self) -> int:
        spent = self.used + self.held
        return min(100 * spent // self.budget.amount, 100) if self.budget.amount else 100

    @property
    def level(self) -> int:
        """The highest of WARNINGS that is reached, or 0."""
        return max((step for step in WARNINGS if step <= self.percent), default=0)

    def __str__(self) -> str:
        name = self._named()
        what = f"{say_credits(self.budget.amount)} {self.budget.get_period_display()}"
        return f"{name[0].upper()}{name[1:]} is {what}"

    @property
    def told(self) -> str:
        """In words: "80 % of your weekly limit is used: 4 credits left until Monday"."""
        name = self._named(ADJECTIVES[Period(self.budget.period)])
        left = say_credits(self.left)
        if self.level:
            return f"{self.percent} % of {name} is used: {left} left{self.until_words}"
        return f"{name[0].upper()}{name[1:]} leaves {left}{self.until_words}"

    @property
    def is_personal(self) -> bool:
        """Of a person or their token, not of the whole team."""
        return self.budget.member_id is not None or self.budget.token_id is not None

    def _named(self, adjective: str = "") -> str:
        limit = f"{adjective}limit"
        if self.budget.model:
            limit = f"{limit} for {self.budget.model}"
        if self.budget.token:
            return f"the {limit} of the token {self.budget.token}"
        return f"your {limit}" if self.budget.member_id else f"the team's {limit}"

    @property
    def until_words(self) -> str:
        words = {Period.DAY: "tomorrow", Period.WEEK: "Monday"}
        if self.until is None:
            return ""
        return f" until {words.get(Period(self.budget.period)) or date_format(self.until, 'j F')}"


def start_of(period: Period, now: datetime) -> datetime:
    """When the period that holds `now` began, in UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case Period.DAY:
            return midnight
        case Period.WEEK:
            return midnight - timedelta(days=midnight.weekday())
        case Period.MONTH:
            return midnight.replace(day=1)
        case _:
            return BEGINNING


def end_of(period: Period, now: datetime) -> datetime | None:
    """When the period that holds `now` ends, in UTC."""
    start = start_of(period, now)
    match period:
        case Period.DAY:
            return start + timedelta(days=1)
        case Period.WEEK:
            return start + timedelta(weeks=1)
        case Period.MONTH:
            return (start + timedelta(days=31)).replace(day=1)
        case _:
            return None
