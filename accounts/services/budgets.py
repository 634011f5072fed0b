"""Limits on spending: what a team, a member or a model may cost in a day, week, month or in all.

A limit is checked in the statement that places the hold, against counters that only the ledger
moves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.errors import NotAllowed
from accounts.models import Budget, BudgetWindow, Period, Team, User
from accounts.money import say_credits
from accounts.permissions import Permission, has_permission

# Percent of a limit at which somebody is told.
WARNINGS = (50, 80, 100)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Room:
    """What a budget leaves in its present period, in microcredits."""

    budget: Budget
    used: int
    held: int

    @property
    def left(self) -> int:
        return max(self.budget.amount - self.used - self.held, 0)

    def __str__(self) -> str:
        whose = "Your limit" if self.budget.member_id else "The team's limit"
        what = f" for {self.budget.model}" if self.budget.model else ""
        return (
            f"{whose}{what} is {say_credits(self.budget.amount)} {self.budget.get_period_display()}"
        )

    @property
    def percent(self) -> int:
        spent = self.used + self.held
        return min(100 * spent // self.budget.amount, 100) if self.budget.amount else 100


def set_limit(
    *, by: User, team: Team, member: User | None, model: str, period: Period, amount: int
) -> Budget:
    """Make or change a limit; what is used and held of the period stays counted."""
    if not has_permission(by, Permission.MANAGE_TEAM, team):
        raise NotAllowed
    budget, _ = Budget.objects.update_or_create(
        team=team,
        member=member,
        model=model,
        period=period,
        ended_at=None,
        defaults={"amount": amount},
        create_defaults={"amount": amount, "created_by": by},
    )
    return budget


def end_limit(*, by: User, budget: Budget) -> None:
    if not has_permission(by, Permission.MANAGE_TEAM, budget.team):
        raise NotAllowed
    Budget.objects.filter(pk=budget.pk, ended_at__isnull=True).update(ended_at=Now())


def applying(*, team: Team, spender: User, model: str) -> list[Budget]:
    """The limits that a hold of this person for this model has to keep within."""
    whose = Q(member__isnull=True) | Q(member=spender)
    what = Q(model="") | Q(model=model)
    return list(Budget.objects.filter(whose, what, team=team, ended_at__isnull=True))


def windows(budgets: Iterable[Budget], *, now: datetime | None = None) -> list[int]:
    """The ids of the budgets' present windows, made where they are not there yet."""
    now = now or timezone.now()
    wanted = {budget.pk: start_of(Period(budget.period), now) for budget in budgets}
    BudgetWindow.objects.bulk_create(
        [BudgetWindow(budget_id=pk, starts_at=start) for pk, start in wanted.items()],
        ignore_conflicts=True,
    )
    found = BudgetWindow.objects.filter(budget__in=wanted).values_list("pk", "budget", "starts_at")
    return sorted(pk for pk, budget, start in found if wanted[budget] == start)


def rooms(budgets: Iterable[Budget], *, now: datetime | None = None) -> list[Room]:
    """What each budget leaves now, without making anything."""
    now = now or timezone.now()
    budgets = list(budgets)
    found = {
        (window.budget_id, window.starts_at): window
        for window in BudgetWindow.objects.filter(budget__in=budgets)
    }
    made = []
    for budget in budgets:
        window = found.get((budget.pk, start_of(Period(budget.period), now)))
        made.append(Room(budget, window.used if window else 0, window.held if window else 0))
    return made


def fullest(budgets: Iterable[Budget]) -> Room | None:
    """The limit that leaves least."""
    return min(rooms(budgets), key=lambda room: room.left, default=None)


def warn(budgets: Iterable[Budget]) -> None:
    """Tell whom a limit concerns, once a period, that half, most or all of it is spoken for."""
    for room in rooms(budgets):
        level = max((step for step in WARNINGS if step <= room.percent), default=0)
        start = start_of(Period(room.budget.period), timezone.now())
        lower = BudgetWindow.objects.filter(
            budget=room.budget, starts_at=start, warned_at__lt=level
        )
        if level and lower.update(warned_at=level):
            _mail(room, level)


def _mail(room: Room, level: int) -> None:
    """To the member, or to the owners where the limit is the whole team's."""
    member = room.budget.member
    owners = room.budget.team.memberships.owners().select_related("user")
    to = [member.email] if member else [membership.user.email for membership in owners]
    body = render_to_string(
        "emails/limit.txt", {"room": room, "level": level, "url": settings.PUBLIC_URL}
    )
    subject = f"{level} % of a limit of {room.budget.team} is used"
    transaction.on_commit(
        lambda: send_mail(subject, body, None, to, fail_silently=True), robust=True
    )


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
