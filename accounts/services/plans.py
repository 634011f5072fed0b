"""Plans: so many credits a month for a team, each month's once.

How much of a month outlasts it is decided when its credits come, as lots: a plan that keeps up to N
gives so much without an end that, with what earlier months left, N do not run out; the rest ends
with the month and is burnt first. So at a month's end what is above N runs out by itself. Only
where a request was held over an earlier end, and then spent what counted as there, is there room
for more: it is filled from what would run out, before the next month's credits come.
"""

from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.errors import PlanNotOffered, PlanWaits, ReasonNeeded, StartsInThePast
from accounts.models import (
    AccountKind,
    CreditAccount,
    EntryKind,
    LedgerEntry,
    LotKind,
    Plan,
    Rollover,
    Team,
    TeamPlan,
    User,
)
from accounts.services import entries, fund_statements, lots, staff
from accounts.services.posting import Portion, Posting, execute, give_in_portions

LONGEST_REASON = 300


def subscribe(
    *,
    by: User,
    team: Team,
    plan: Plan,
    reason: str,
    starts_on: date | None = None,
    now: datetime | None = None,
) -> TeamPlan:
    """Put a team on a plan, instead of the one it has; what is due by now comes at once.

    A team gets each month's credits once: after a change within a month the new plan's begin with
    the next. Raises NotAllowed, ReasonNeeded, PlanNotOffered, PlanWaits, StartsInThePast.
    """
    now = now or timezone.now()
    starts_on = starts_on or _day(now)
    staff.expect_staff(by)
    if not reason.strip():
        raise ReasonNeeded
    if not plan.active:
        raise PlanNotOffered(plan)
    if plan.waits:
        raise PlanWaits(plan)
    if starts_on < _day(now):
        raise StartsInThePast
    with transaction.atomic():
        _end(by, team, now)
        made = TeamPlan.objects.create(
            team=team,
            plan=plan,
            starts_on=starts_on,
            reason=reason.strip(),
            created_by=by,
            created_at=now,
        )
        _grant(made, now)
    return made


def end(*, by: User, team: Team, now: datetime | None = None) -> None:
    """No more months come; what came stays as it was given. Raises NotAllowed."""
    staff.expect_staff(by)
    with transaction.atomic():
        _end(by, team, now or timezone.now())


def active(team: Team) -> TeamPlan | None:
    """The plan that a team is on, also one that is yet to start."""
    return TeamPlan.objects.filter(team=team, ended_at=None).select_related("plan").first()


def next_grant(one: TeamPlan, *, now: datetime | None = None) -> date:
    """The day on which its next credits come."""
    today = _day(now or timezone.now())
    return one.starts_on if one.starts_on > today else _after(today)


def coming(account: CreditAccount, *, until: date, now: datetime) -> list[Portion]:
    """What a team's plan will give by then, the next first; nothing where it has to wait.

    Where it keeps up to an amount, how much that is depends on what will be left: only the month
    itself is certain.
    """
    on = TeamPlan.objects.filter(team=account.team_id, ended_at=None, starts_on__lte=until)
    one = on.select_related("plan").first()
    if one is None or one.plan.waits:
        return []
    lasts = one.plan.rollover == Rollover.ALL
    return [
        Portion(
            LotKind.PLAN,
            one.plan.credits,
            expires_at=None if lasts else entries.start_of(_after(month)),
            effective_at=entries.start_of(max(month, one.starts_on)),
        )
        for month in _missing(one, entries.start_of(until))
        if month >= _day(now).replace(day=1)
    ]


def keep_time(*, now: datetime | None = None, within: timedelta | None = None) -> None:
    """Grant what is due, then take back what ran out: what is to roll over must not be gone."""
    now = now or timezone.now()
    grant_due(now=now)
    lots.expire(now=now, within=within)


def grant_due(*, now: datetime | None = None) -> int:
    """Grant every month that began and was not granted, however late; how many those were.

    What runs out with a month that is over is given and taken back in one transaction. A plan that
    somebody has to agree to first gives what it did not, once they have.
    """
    now = now or timezone.now()
    return sum(_grant(one, now) for one in _due(now))


def _due(now: datetime) -> QuerySet[TeamPlan]:
    """Plans whose present month was not granted; where it was, so were those before it."""
    team = Cast(OuterRef("team"), TextField())
    key = Concat(Value("plan:"), team, Value(f":{_day(now):%Y-%m}"), output_field=TextField())
    granted = LedgerEntry.objects.filter(key=key)
    started = TeamPlan.objects.filter(ended_at=None, starts_on__lte=_day(now))
    return started.filter(~Exists(granted)).select_related("plan", "team", "created_by")


def _end(by: User, team: Team, now: datetime) -> None:
    """Let one change of a team's plan run at a time."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    one = active(team)
    if one:
        # What it owed until now comes first: nobody looks at it again.
        _grant(one, now)
        TeamPlan.objects.filter(pk=one.pk).update(ended_at=now, ended_by=by)


def _grant(one: TeamPlan, now: datetime) -> int:
    with transaction.atomic():
        # What it gives, and whether that is agreed to, as one reading of it.
        one.plan.refresh_from_db()
        if one.plan.waits:
            return 0
        execute(fund_statements.OPEN_ACCOUNT, {"team": one.team_id})
        account = CreditAccount.objects.get(team=one.team_id)
        # Of many at once the second finds here what the first has granted.
        lots.alone_with(account)
        months = _missing(one, now)
        for month in months:
            _begin(one, account, month)
        if months and not account.frozen_at:
            lots.expire_of(account, now)
    return len(months)


def _missing(one: TeamPlan, now: datetime) -> list[date]:
    """The first days of the months that it should have granted by now and did not."""
    months, month = {}, one.starts_on.replace(day=1)
    while max(month, one.starts_on) <= _day(now):
        months[_key(one, month)] = month
        month = _after(month)
    granted = set(LedgerEntry.objects.filter(key__in=months).values_list("key", flat=True))
    return [month for key, month in months.items() if key not in granted]


def _begin(one: TeamPlan, account: CreditAccount, month: date) -> None:
    """Let roll over what may of the month before, then give this month's credits."""
    plan, start, end_ = one.plan, entries.start_of(month), entries.start_of(_after(month))
    # Never before anybody had set it: it does not pay for what was spent until then.
    first = max(entries.start_of(one.starts_on), one.created_at)
    left = [rest for rest in lots.allocate(account) if rest.lot.kind == LotKind.PLAN]
    # What requests hold of it counts: it may come back.
    lasting = sum(rest.amount for rest in left if rest.lot.expires_at is None)
    ours = [rest for rest in left if rest.lot.effective_at >= first]
    ended = sum(rest.free for rest in ours if rest.lot.expires_at == start)
    rolled, begins = min(plan.room(lasting), ended), max(start, first)
    if rolled:
        over = [Portion(LotKind.PLAN, rolled, None, begins)]
        _give(one, f"roll:{one.team_id}:{month:%Y-%m}", f"from before {month:%B %Y}", over)
    kept = min(plan.room(lasting + rolled), plan.credits)
    fresh = [
        Portion(LotKind.PLAN, plan.credits - kept, end_, begins),
        Portion(LotKind.PLAN, kept, None, begins),
    ]
    _give(one, _key(one, month), f"{month:%B %Y}", fresh)


def _give(one: TeamPlan, key: str, what: str, portions: list[Portion]) -> None:
    posting = Posting(
        team=one.team,
        amount=sum(portion.amount for portion in portions),
        kind=EntryKind.GRANT,
        key=key,
        house=AccountKind.FUNDING,
        reason=f"{one.plan.title}, {what}: {one.reason}"[:LONGEST_REASON],
        by=one.created_by,
    )
    give_in_portions(posting, [portion for portion in portions if portion.amount])


def _key(one: TeamPlan, month: date) -> str:
    return f"plan:{one.team_id}:{month:%Y-%m}"


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _after(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)
