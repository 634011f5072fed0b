"""Limits on spending: what a team, a member, an API token or a model may cost in a day, week, month
or in all.

A limit is checked in the statement that places the hold, against counters that only the ledger
moves.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Case, F, FilteredRelation, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.errors import LimitGone, NotAllowed
from accounts.models import (
    ApiToken,
    Budget,
    BudgetWindow,
    CreditAccount,
    Period,
    Team,
    User,
)
from accounts.permissions import Permission, has_permission
from accounts.services import statements
from accounts.services.posting import execute
from accounts.services.rooms import Room, end_of, start_of


def set_limit(
    *,
    by: User,
    team: Team,
    period: Period,
    amount: int,
    member: User | None = None,
    token: ApiToken | None = None,
    model: str = "",
) -> Budget:
    """Make or change a limit; what is used and held of the period stays counted.

    It binds every hold that is placed once this returns, also of requests that came before. What
    they spent of the period before there was a limit is for `counting_in`.
    """
    foreign = token is not None and token.team_id != team.pk
    if foreign or not has_permission(by, Permission.MANAGE_TEAM, team):
        raise NotAllowed
    kind: dict[str, Any] = {
        "team": team,
        "member": member,
        "token": token,
        "model": model,
        "period": period,
        "ended_at": None,
    }
    budget = Budget.objects.filter(**kind).first()
    if budget is None:
        with transaction.atomic():
            execute(statements.LIMIT_MADE, {"team": team.pk})
            first = {"amount": amount, "created_by": by}
            budget, _ = Budget.objects.get_or_create(**kind, defaults=first)
    budget.amount = amount
    budget.save(update_fields=["amount"])
    _warn_again(budget)
    return budget


def made(team: Team) -> int:
    """How many limits the team was ever given; below 0 while it has no credits to limit."""
    found = CreditAccount.objects.filter(team=team).values_list("limits_made", flat=True)
    return next(iter(found), -1)


def raise_limit(*, by: User, budget: Budget, more: int) -> None:
    """Let a limit leave so much more, in this period and after. Raises NotAllowed, LimitGone."""
    if not has_permission(by, Permission.APPROVE, budget.team):
        raise NotAllowed
    in_force = Budget.objects.filter(pk=budget.pk, ended_at__isnull=True)
    with transaction.atomic():
        # The window before its limit, as a hold: the other order would deadlock.
        lock([budget])
        if not in_force.update(amount=F("amount") + more):
            raise LimitGone
        _warn_again(in_force.get())


def end_limit(*, by: User, budget: Budget) -> None:
    if not has_permission(by, Permission.MANAGE_TEAM, budget.team):
        raise NotAllowed
    Budget.objects.filter(pk=budget.pk, ended_at__isnull=True).update(ended_at=Now())


def applying(
    *, team: Team, spender: User, model: str, token: ApiToken | None = None
) -> list[Budget]:
    """The limits that a hold of this person, by this token, for this model has to keep within."""
    return list(_concerning(team, spender, token).filter(model__in=["", model]))


def rooms_of(*, team: Team, spender: User, token: ApiToken | None = None) -> list[Room]:
    """What the same leave for whatever model: each limit counts for its own, or for every one."""
    return rooms(_concerning(team, spender, token))


def in_force(*, team: Team) -> QuerySet[Budget]:
    """All of a team's limits: its own first, then by member, then by token."""
    found = Budget.objects.filter(team=team, ended_at__isnull=True, token__revoked_at=None)
    whose = F("token__name").asc(nulls_first=True), F("member__name").asc(nulls_first=True)
    return found.select_related("member", "token").order_by(*whose, "member", "created_at")


def windows(budgets: Iterable[Budget], *, now: datetime | None = None) -> list[int]:
    """The ids of the budgets' present windows, made where they are not there yet."""
    wanted = _starts(budgets, now or timezone.now())
    found = _windows_of(wanted)
    if len(found) < len(wanted):
        BudgetWindow.objects.bulk_create(
            [BudgetWindow(budget_id=pk, starts_at=start) for pk, start in sorted(wanted.items())],
            ignore_conflicts=True,
        )
        found = _windows_of(wanted)
    return sorted(window.pk for window in found)


def lock(budgets: Iterable[Budget]) -> None:
    """Let nobody else hold within these limits until the transaction ends.

    For several holds in one transaction: in the order in which each would lock its own.
    """
    present = BudgetWindow.objects.filter(pk__in=windows(budgets)).order_by("pk")
    list(present.select_for_update(no_key=True).values_list("pk"))


def rooms(found: QuerySet[Budget], *, now: datetime | None = None) -> list[Room]:
    """What each budget leaves now, without making anything."""
    at = now or timezone.now()
    begins = Case(*[When(period=one, then=Value(start_of(one, at))) for one in Period])
    present = FilteredRelation("windows", condition=Q(windows__starts_at=begins))
    counted = found.annotate(
        present=present,
        used=Coalesce(F("present__used"), 0),
        held=Coalesce(F("present__held"), 0),
    )
    return [
        Room(one, vars(one)["used"], vars(one)["held"], end_of(Period(one.period), at))
        for one in counted
    ]


def fullest(budgets: Iterable[Budget]) -> Room | None:
    """The limit that leaves least, as all of them are now."""
    return min(rooms(_again(budgets)), key=lambda room: room.left, default=None)


def fullest_of_members(*, team: Team) -> dict[UUID, Room]:
    """By member, the limit on whatever they make of which the largest part is used."""
    personal = Budget.objects.filter(
        team=team, ended_at__isnull=True, model="", member__isnull=False
    )
    found: dict[UUID, Room] = {}
    for room in sorted(rooms(personal), key=lambda room: room.percent):
        if room.budget.member_id:
            found[room.budget.member_id] = room
    return found


def warn(budgets: Iterable[Budget]) -> None:
    """Tell whom a limit concerns, once a period, that half, most or all of it is spoken for."""
    for room in rooms(_again(budgets)):
        start = start_of(Period(room.budget.period), timezone.now())
        lower = BudgetWindow.objects.filter(
            budget=room.budget, starts_at=start, warned_at__lt=room.level
        )
        if room.level and lower.update(warned_at=room.level):
            _mail(room)


def _concerning(team: Team, spender: User, token: ApiToken | None) -> QuerySet[Budget]:
    whose = Q(member=None, token=None) | Q(member=spender)
    if token:
        whose |= Q(token=token)
    return Budget.objects.filter(whose, team=team, ended_at__isnull=True).select_related("token")


def _again(budgets: Iterable[Budget]) -> QuerySet[Budget]:
    """As they are by now."""
    return Budget.objects.filter(pk__in=[one.pk for one in budgets]).select_related("token")


def _warn_again(budget: Budget) -> None:
    """Of a limit that was raised, the shares that are not reached any more are news again."""
    for room in rooms(_again([budget])):
        start = start_of(Period(budget.period), timezone.now())
        told = BudgetWindow.objects.filter(budget=budget, starts_at=start)
        told.filter(warned_at__gt=room.level).update(warned_at=room.level)


def _mail(room: Room) -> None:
    """To the member or the token's owner, or to the owners where the limit is the whole team's."""
    budget = room.budget
    person = budget.token.user if budget.token else budget.member
    to = [person] if person else list(User.objects.owners_of(budget.team))
    body = render_to_string("emails/limit.txt", {"room": room, "url": settings.PUBLIC_URL})
    subject = f"{room.level} % of a limit of {budget.team} is used"
    transaction.on_commit(
        lambda: send_mail(subject, body, None, [one.email for one in to], fail_silently=True),
        robust=True,
    )


def _starts(budgets: Iterable[Budget], now: datetime) -> dict[int, datetime]:
    return {budget.pk: start_of(Period(budget.period), now) for budget in budgets}


def _windows_of(starts: Mapping[int, datetime]) -> list[BudgetWindow]:
    """The windows that begin then, of those that are there."""
    found = BudgetWindow.objects.filter(budget__in=starts, starts_at__in=set(starts.values()))
    return [window for window in found if starts[window.budget_id] == window.starts_at]
