"""Reading an account's entries: in order, with the balance after each.

The order is (created_at, id) everywhere, so that a period, a page and a statement agree about
which entry came before which. What happened is read from the entries; `AccountDay` only shortens
the sums.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import (
    DateTimeField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils import timezone

from accounts.models import AccountDay, CreditAccount, LedgerEntry, Team

# An entry carries the time its transaction began, and is seen when that commits.
SETTLES_WITHIN = timedelta(hours=1)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
AT_ONCE = 2_000
SIDES = ("debit", "credit")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as its account sees it: what came (or, below zero, went), and what was then left.

    `balance` is None where it is not told.
    """

    entry: LedgerEntry
    amount: int
    balance: int | None


def account_of(team: Team) -> CreditAccount | None:
    return CreditAccount.objects.filter(team=team).first()


def start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def last_ended_day(now: datetime | None = None) -> date:
    """The last day to which no entry can be added any more."""
    return ((now or timezone.now()) - SETTLES_WITHIN).astimezone(UTC).date() - ONE_DAY


def has_ended(until: datetime, now: datetime | None = None) -> bool:
    """Whether nothing can be added before `until` any more."""
    return until + SETTLES_WITHIN <= (now or timezone.now())


def newest(
    account: CreditAccount,
    *,
    limit: int,
    where: Q | None = None,
    before: LedgerEntry | None = None,
) -> QuerySet[LedgerEntry]:
    """The account's last entries, or the last before one of them, newest first."""
    older = _older_than(before) if before else Q()
    return _page(account, (where or Q()) & older, ("-created_at", "-id"), limit)


def oldest(
    account: CreditAccount,
    *,
    limit: int,
    since: datetime,
    until: datetime,
    after: LedgerEntry | None = None,
) -> QuerySet[LedgerEntry]:
    """A period's first entries, or the first after one of them, oldest first."""
    newer = _newer_than(after) if after else Q()
    within = Q(created_at__gte=since, created_at__lt=until)
    return _page(account, within & newer, ("created_at", "id"), limit)


def with_balances(account: CreditAccount, entries: QuerySet[LedgerEntry]) -> list[Line]:
    """A page of the account's entries, however they were chosen, each with the balance after it."""
    closed = AccountDay.objects.filter(account=account, day__lt=OuterRef("day")).order_by("-day")
    shown = (
        entries.annotate(day=TruncDate("created_at", tzinfo=UTC))
        .annotate(
            closed_day=Subquery(closed.values("day")[:1]),
            closing=Coalesce(Subquery(closed.values("closing")[:1]), 0),
        )
        .annotate(since=Coalesce(Cast(F("closed_day") + ONE_DAY, DateTimeField()), BEGINNING))
        .annotate(**{f"{side}s": Coalesce(_sum_up_to(account, side), 0) for side in SIDES})
    )
    return [
        Line(one, signed(account, one), one.closing + one.credits - one.debits)  # type: ignore[attr-defined]  # annotated above
        for one in shown
    ]


def balance_at(account: CreditAccount, at: datetime) -> int:
    """What the account held just before a moment."""
    closed = account.days.filter(day__lt=at.astimezone(UTC).date()).order_by("-day").first()
    since = start_of(closed.day + ONE_DAY) if closed else BEGINNING
    total = closed.closing if closed else 0
    for side, sign in zip(SIDES, (-1, 1), strict=True):
        moved = LedgerEntry.objects.filter(
            **{side: account}, created_at__gte=since, created_at__lt=at
        )
        total += sign * (moved.aggregate(total=Sum("amount"))["total"] or 0)
    return total


def in_period(account: CreditAccount, *, since: datetime, until: datetime) -> QuerySet[LedgerEntry]:
    """All entries of a period, oldest first."""
    return LedgerEntry.objects.filter(
        Q(debit=account) | Q(credit=account), created_at__gte=since, created_at__lt=until
    ).order_by("created_at", "id")


def running(
    account: CreditAccount, entries: QuerySet[LedgerEntry], *, opening: int
) -> Iterator[Line]:
    """Consecutive entries, oldest first, with the balance carried along."""
    balance = opening
    for entry in entries.iterator(chunk_size=AT_ONCE):
        amount = signed(account, entry)
        balance += amount
        yield Line(entry, amount, balance)


def signed(account: CreditAccount, entry: LedgerEntry) -> int:
    return entry.amount if entry.credit_id == account.pk else -entry.amount


def close_days(account: CreditAccount, *, until: date | None = None) -> int:
    """Keep the closing balance of each ended day on which the account moved; how many are new."""
    last = until or last_ended_day()
    before = account.days.order_by("-day").first()
    since = start_of(before.day + ONE_DAY) if before else BEGINNING
    change: dict[date, int] = {}
    for side, sign in zip(SIDES, (-1, 1), strict=True):
        for day, total in _by_day(account, side, since=since, until=start_of(last + ONE_DAY)):
            change[day] = change.get(day, 0) + sign * total
    rows, closing = [], before.closing if before else 0
    for day in sorted(change):
        closing += change[day]
        rows.append(AccountDay(account=account, day=day, closing=closing))
    # Two at once come to the same figures.
    AccountDay.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _by_day(
    account: CreditAccount, side: str, *, since: datetime, until: datetime
) -> list[tuple[date, int]]:
    moved = LedgerEntry.objects.filter(
        **{side: account}, created_at__gte=since, created_at__lt=until
    )
    by_day = moved.annotate(day=TruncDate("created_at", tzinfo=UTC)).order_by("day")
    return list(by_day.values("day").annotate(total=Sum("amount")).values_list("day", "total"))


def _page(
    account: CreditAccount, where: Q, order: tuple[str, str], limit: int
) -> QuerySet[LedgerEntry]:
    # Each side by its own index: both at once in an OR would sort all that the account ever did.
    debits, credits_ = (
        LedgerEntry.objects.filter(where, **{side: account}).order_by(*order).values("pk")[:limit]
        for side in SIDES
    )
    both = debits.union(credits_, all=True)
    return LedgerEntry.objects.filter(pk__in=both).order_by(*order)[:limit]


def _older_than(entry: LedgerEntry) -> Q:
    # The first condition says nothing new; it is the one that an index can start at.
    return Q(created_at__lte=entry.created_at) & (
        Q(created_at__lt=entry.created_at) | Q(id__lt=entry.pk)
    )


def _newer_than(entry: LedgerEntry) -> Q:
    return Q(created_at__gte=entry.created_at) & (
        Q(created_at__gt=entry.created_at) | Q(id__gt=entry.pk)
    )


def _sum_up_to(account: CreditAccount, side: str) -> Subquery:
    """What one side moved since the last kept day, up to and with the entry it stands beside."""
    moved = LedgerEntry.objects.filter(
        **{side: account}, created_at__gte=OuterRef("since"), created_at__lte=OuterRef("created_at")
    ).filter(Q(created_at__lt=OuterRef("created_at")) | Q(id__lte=OuterRef("pk")))
    total = moved.order_by().values(side).annotate(total=Sum("amount")).values("total")
    return Subquery(total)
