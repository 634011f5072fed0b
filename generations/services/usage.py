"""What a team, or one of its members, used in a period: by day, by model, by member."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, DateField, F, Q, Sum, Value, When
from django.db.models.functions import Cast, TruncWeek

from accounts.models import CreditAccount, Team, User
from accounts.services import run_outs
from generations.models import UsageDay
from generations.services import usage_days
from generations.services.forecast import LOOKS_AHEAD, LOOKS_BACK, Forecast, run_out
from generations.services.usage_days import Row

ONE_DAY = timedelta(days=1)
FIGURES = ("spent", "refunded", "images", "succeeded", "failed")

# A model's last times by its own index: a median over a year would read every request of it.
MEDIANS = """
SELECT wanted.model, percentile_disc(0.5) WITHIN GROUP (ORDER BY last.seconds)
FROM unnest(%(models)s::text[]) AS wanted (model) CROSS JOIN LATERAL (
    SELECT extract(epoch FROM finished_at - started_at)::float AS seconds
    FROM generations_generationrequest
    WHERE team_id = %(team)s AND model = wanted.model AND status = 'succeeded'
      AND finished_at >= %(since)s AND started_at IS NOT NULL
    ORDER BY finished_at DESC LIMIT %(most)s
) AS last GROUP BY wanted.model
"""
TIMES_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, the last of them today. A long one is drawn by the week."""

    key: str
    label: str
    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def weekly(self) -> bool:
        return self.days > 62  # noqa: PLR2004  # bars narrower than that are no bars

    def column_of(self, day: date) -> date:
        """The day that stands for this one in a drawing: itself, or the first of its week."""
        monday = day - day.weekday() * ONE_DAY
        return max(monday, self.since) if self.weekly else day

    @property
    def columns(self) -> list[date]:
        days = (self.since + n * ONE_DAY for n in range(self.days))
        return list(dict.fromkeys(self.column_of(day) for day in days))


def periods(today: date) -> list[Period]:
    return [
        Period("7d", "7 days", today - 6 * ONE_DAY, today),
        Period("30d", "30 days", today - 29 * ONE_DAY, today),
        Period("year", "This year", today.replace(month=1, day=1), today),
    ]


@dataclass(slots=True)
class Totals:
    spent: int = 0
    refunded: int = 0
    images: int = 0
    succeeded: int = 0
    failed: int = 0

    def add(self, row: Row) -> None:
        self.spent += row.spent
        self.refunded += row.refunded
        self.images += row.images
        self.succeeded += row.succeeded
        self.failed += row.failed

    @property
    def each(self) -> int | None:
        """What an image cost on average."""
        return self.spent // self.images if self.images else None

    @property
    def ended(self) -> int:
        """Requests that were made or failed; what was cancelled is neither."""
        return self.succeeded + self.failed

    @property
    def failure_rate(self) -> float | None:
        return 100 * self.failed / self.ended if self.ended else None


class Cut(StrEnum):
    """What the columns of a drawing are divided by."""

    MODEL = "model"
    MEMBER = "member"


@dataclass(slots=True)
class Usage:
    """`by_day` holds what was spent, by column of the period and by its cut."""

    cut: Cut
    whole: Totals = field(default_factory=Totals)
    models: dict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    members: dict[UUID, Totals] = field(default_factory=lambda: defaultdict(Totals))
    by_day: dict[date, dict[str | UUID, int]] = field(default_factory=dict)

    def add_model(self, row: Row, column: date) -> None:
        self.whole.add(row)
        self.models[row.model].add(row)
        if self.cut is Cut.MODEL:
            self._draw(column, row.model, row.spent)

    def add_member(self, row: Row, column: date) -> None:
        if row.user is None:
            return
        self.members[row.user].add(row)
        if self.cut is Cut.MEMBER:
            self._draw(column, row.user, row.spent)

    def _draw(self, column: date, key: str | UUID, amount: int) -> None:
        if amount:
            amounts = self.by_day.setdefault(column, {})
            amounts[key] = amounts.get(key, 0) + amount


def read(
    account: CreditAccount, period: Period, *, cut: Cut = Cut.MODEL, user: User | None = None
) -> tuple[Usage, Forecast | None]:
    """The use in a period, and for a whole team when its credits run out.

    With `user`, that person's use alone, which says nothing of when the team's credits end.
    """
    closed = usage_days.closed_until(account)
    recent = period.until - LOOKS_BACK
    begin = period.since if user else min(period.since, recent)
    fresh_since = max(closed + ONE_DAY, begin) if closed else begin
    fresh = usage_days.fresh(account, since=fresh_since, user=user)
    usage = Usage(cut)
    if closed:
        for row in _kept(account, period, cut=cut, closed=closed, user=user):
            add = usage.add_member if row.user and not user else usage.add_model
            add(row, period.column_of(row.day))
    for row in fresh:
        if row.day >= period.since:
            usage.add_model(row, period.column_of(row.day))
            usage.add_member(row, period.column_of(row.day))
    if user:
        return usage, None
    spent = _spent_by_day(account, since=recent, closed=closed, fresh=fresh)
    forecast = run_out(
        available=account.available,
        spent=spent,
        today=period.until,
        portions=run_outs.portions(account, until=period.until + LOOKS_AHEAD * ONE_DAY),
        began=usage_days.first_spending(account),
    )
    return usage, forecast


def median_seconds(team: Team, models: Sequence[str], *, since: date) -> dict[str, float]:
    """From sending to done, by model: the median of its last requests since then."""
    values: dict[str, Any] = {
        "team": team.pk,
        "models": list(models),
        "since": since,
        "most": TIMES_LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(MEDIANS, values)
        return dict(cursor.fetchall())


def _kept(
    account: CreditAccount, period: Period, *, cut: Cut, closed: date, user: User | None
) -> Iterable[Row]:
    """Kept sums of the period: by its columns in the cut that is drawn, whole in the other."""
    by_model, by_member = Q(user=None), Q(model="")
    whose = Q(user=user) & ~by_member if user else by_model | by_member
    days = UsageDay.objects.filter(
        whose, team=account.team_id, day__gte=period.since, day__lte=closed
    )
    column = Cast(TruncWeek("day"), DateField()) if period.weekly else F("day")
    not_drawn = by_member if cut is Cut.MODEL else by_model
    whole = Value(period.since, output_field=DateField())
    rows = (
        days.order_by()
        .values(on=Case(When(not_drawn, then=whole), default=column), by=F("user"), of=F("model"))
        .annotate(**{f"{name}_sum": Sum(name) for name in FIGURES})
        .values_list("on", "by", "of", *(f"{name}_sum" for name in FIGURES))
    )
    return (Row(*row) for row in rows)


def _spent_by_day(
    account: CreditAccount, *, since: date, closed: date | None, fresh: Iterable[Row]
) -> dict[date, int]:
    spent: dict[date, int] = defaultdict(int)
    if closed:
        days = UsageDay.objects.filter(
            team=account.team_id, user=None, day__gte=since, day__lte=closed
        )
        sums = days.order_by().values("day").annotate(total=Sum("spent"))
        spent |= dict(sums.values_list("day", "total"))
    for row in fresh:
        spent[row.day] += row.spent
    return spent
