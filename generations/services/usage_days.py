"""What teams used, summed by day, member and model.

`fresh` adds it up from the entries and requests themselves; `roll_up` keeps the sums of ended days
in `UsageDay`. What is kept is read up to `closed_until`, everything after it is added up afresh, so
a page is right whether or not the night's work was done.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import (
    BigIntegerField,
    Count,
    F,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, TruncDate

from accounts.models import AccountKind, CreditAccount, EntryKind, LedgerEntry, User
from accounts.services import entries
from generations.models import GenerationRequest, Status, UsageDay

SPAN = timedelta(days=30)  # As much of a long past as is summed at once.
ROWS_AT_ONCE = 2_000


class Row(NamedTuple):
    """A day's use by one member of one model; either may be left out for all of them."""

    day: date
    user: UUID | None
    model: str
    spent: int = 0
    refunded: int = 0
    images: int = 0
    succeeded: int = 0
    failed: int = 0


def closed_until(account: CreditAccount) -> date | None:
    """The last day whose sums are kept; those of every day before it are too."""
    kept = UsageDay.objects.filter(team=account.team_id, model="").order_by("-day")
    return kept.values_list("day", flat=True).first()


def first_spending(account: CreditAccount) -> date | None:
    """The day on which the team first spent anything."""
    spent = LedgerEntry.objects.filter(debit=account, kind=EntryKind.CAPTURE)
    moments = spent.order_by("created_at", "id").values_list("created_at", flat=True)
    first = moments.first()
    return first.date() if first else None


def fresh(
    account: CreditAccount, *, since: date, until: date | None = None, user: User | None = None
) -> list[Row]:
    """Summed now, from `since` up to and with `until`; with `user`, that person's alone."""
    money = _money(account, user).filter(**_within("created_at", since, until))
    work = _work(account, user).filter(**_within("finished_at", since, until))
    columns = ("on", "by", "of", "spent", "refunded", "made", "succeeded", "failed")
    both = _summed_money(money, account).values_list(*columns)
    return [Row(*row) for row in both.union(_counted(work).values_list(*columns), all=True)]


def close_days() -> None:
    """Keep the balances and the use of all days that ended, for every team."""
    for account in CreditAccount.objects.filter(kind=AccountKind.TEAM):
        entries.close_days(account)
        roll_up(account)


def roll_up(account: CreditAccount, *, until: date | None = None) -> None:
    """Keep what a team used on each ended day. Said again it changes nothing."""
    last = until or entries.last_ended_day()
    since = _first_use(account, after=closed_until(account))
    while since and since <= last:
        end = min(since + SPAN, last)
        kept = [
            UsageDay(**_fields(account, row))
            for row in _three_ways(fresh(account, since=since, until=end))
        ]
        with transaction.atomic():  # `closed_until` must never see a part of a day.
            UsageDay.objects.bulk_create(kept, ROWS_AT_ONCE, ignore_conflicts=True)
        since = end + entries.ONE_DAY


def _money(account: CreditAccount, user: User | None) -> QuerySet[LedgerEntry]:
    moved = LedgerEntry.objects.filter(
        Q(debit=account) | Q(credit=account), hold__request__isnull=False
    )
    return moved.filter(hold__request__user=user) if user else moved


def _work(account: CreditAccount, user: User | None) -> QuerySet[GenerationRequest]:
    ended = GenerationRequest.objects.filter(
        team=account.team_id, status__in=[Status.SUCCEEDED, Status.FAILED]
    )
    return ended.filter(user=user) if user else ended


def _summed_money(moved: QuerySet[LedgerEntry], account: CreditAccount) -> QuerySet[Any]:
    grouped = moved.order_by().values(
        on=TruncDate("created_at"), by=F("hold__request__user"), of=F("hold__request__model")
    )
    return grouped.annotate(
        spent=Coalesce(Sum("amount", filter=Q(debit=account)), _whole(0)),
        refunded=Coalesce(Sum("amount", filter=Q(credit=account)), _whole(0)),
        made=_whole(0),
        succeeded=_whole(0),
        failed=_whole(0),
    )


def _counted(ended: QuerySet[GenerationRequest]) -> QuerySet[Any]:
    grouped = ended.order_by().values(on=TruncDate("finished_at"), by=F("user"), of=F("model"))
    return grouped.annotate(
        spent=_whole(0),
        refunded=_whole(0),
        made=Coalesce(Sum("arrived", output_field=BigIntegerField()), _whole(0)),
        succeeded=Count("pk", filter=Q(status=Status.SUCCEEDED)),
        failed=Count("pk", filter=Q(status=Status.FAILED)),
    )


def _whole(number: int) -> Value:
    return Value(number, output_field=BigIntegerField())


def _within(field: str, since: date, until: date | None) -> dict[str, datetime]:
    bounds = {f"{field}__gte": entries.start_of(since)}
    if until:
        bounds[f"{field}__lt"] = entries.start_of(until + entries.ONE_DAY)
    return bounds


def _first_use(account: CreditAccount, *, after: date | None) -> date | None:
    """The first day since then on which anything was spent, given back or ended."""
    since = after + entries.ONE_DAY if after else entries.BEGINNING.date()
    money = _money(account, None).filter(**_within("created_at", since, None))
    work = _work(account, None).filter(**_within("finished_at", since, None))
    found = [
        money.aggregate(first=Min("created_at"))["first"],
        work.aggregate(first=Min("finished_at"))["first"],
    ]
    return min((moment.date() for moment in found if moment), default=None)


def _three_ways(rows: Iterable[Row]) -> Iterator[Row]:
    """By member and model, by member, and by model."""
    sums: dict[tuple[date, UUID | None, str], list[int]] = defaultdict(lambda: [0] * 5)
    for day, user, model, *figures in rows:
        for key in ((day, user, model), (day, user, ""), (day, None, model)):
            sums[key] = [a + b for a, b in zip(sums[key], figures, strict=True)]
    return (Row(*key, *figures) for key, figures in sums.items())


def _fields(account: CreditAccount, row: Row) -> dict[str, Any]:
    figures = {name: value for name, value in row._asdict().items() if name != "user"}
    return {**figures, "team_id": account.team_id, "user_id": row.user}
