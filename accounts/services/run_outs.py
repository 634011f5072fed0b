"""Which credits are about to run out, and telling owners of it, once of each lot."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import PRIORITY, CreditAccount, Lot, LotWarning, User
from accounts.money import say_credits
from accounts.services import lots, plans, posting
from accounts.services.lots import Remaining
from accounts.services.mail import send_after_commit

BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Portion:
    """Credits that are burnt together; without `last_day` they do not run out.

    With `first_day` they are yet to come, by the team's plan.
    """

    amount: int
    last_day: date | None = None
    first_day: date | None = None

    def has_come(self, day: date) -> bool:
        return self.first_day is None or self.first_day <= day


def portions(
    account: CreditAccount, *, until: date | None = None, now: datetime | None = None
) -> list[Portion]:
    """What is available, and comes by its plan `until` a day, in the order in which it is burnt.

    Empty where nothing runs out or comes. What was spent since lots were matched counts as taken
    from what does not run out.
    """
    now = now or timezone.now()
    coming = plans.coming(account, until=until, now=now) if until else []
    ending = Q(expires_at__gt=now)
    last = account.lots.filter(ending).aggregate(last=Max("priority"))["last"]
    if last is None and not coming:
        return []
    # What never ends and is burnt after all of these needs no look at what was taken from it.
    last = max(last or 0, max((PRIORITY[one.kind] for one in coming), default=0))
    looked_at = account.lots.filter(ending | Q(expires_at=None, priority__lt=last)).order_by("pk")
    found = looked_at.annotate(burnt=Coalesce(Sum("allocations__amount"), 0))
    ranked = [
        (lots.burn_order(lot)[:-1], Portion(lot.amount - lot.burnt, _last_day(lot.expires_at)))
        for lot in found
    ]
    ranked += [_to_come(one, begins=one.effective_at or now) for one in coming]
    ranked.sort(key=lambda one: one[0])
    return _available([portion for _, portion in ranked], max(account.available, 0))


def _to_come(
    one: posting.Portion, *, begins: datetime
) -> tuple[tuple[int, bool, datetime], Portion]:
    rank = lots.rank(PRIORITY[one.kind], begins=begins, ends=one.expires_at)
    return rank, Portion(one.amount, _last_day(one.expires_at), begins.date())


def _last_day(ends: datetime | None) -> date | None:
    """Until the moment itself: what ends at midnight ends with the day before."""
    return ends and (ends - timedelta.resolution).date()


def _available(in_order: list[Portion], available: int) -> list[Portion]:
    """So much of it as is available, the last burnt first, and what else there is after it."""
    found: list[Portion] = []
    for one in reversed(in_order):
        part = min(one.amount, available) if one.first_day is None else 0
        available -= part
        found.insert(0, one if one.first_day else replace(one, amount=part))
    return [one for one in (*found, Portion(available)) if one.amount]


def warn(*, now: datetime | None = None) -> int:
    """Mail the owners of teams of which something left runs out within a week; how many teams."""
    now = now or timezone.now()
    soon = _ending(now).filter(warning=None, account__frozen_at=None)
    accounts = CreditAccount.objects.filter(pk__in=soon.values("account")).select_related("team")
    return sum(_warn(account, now) for account in accounts.order_by("pk"))


def _warn(account: CreditAccount, now: datetime) -> bool:
    with transaction.atomic():
        # Of many at once the second finds here what the first has told.
        lots.alone_with(account)
        untold = _ending(now).filter(warning=None, account=account)
        wanted = set(untold.values_list("pk", flat=True))
        ending = [one for one in lots.left(account) if one.lot.pk in wanted]
        LotWarning.objects.bulk_create(LotWarning(lot=one.lot) for one in ending)
        if ending:
            _mail(account, ending)
    return bool(ending)


def _mail(account: CreditAccount, ending: list[Remaining]) -> None:
    total = sum(one.amount for one in ending)
    send_after_commit(
        "run_out",
        subject=f"{say_credits(total)} of {account.team} run out soon",
        to=[owner.email for owner in User.objects.owners_of(account.team)] if account.team else [],
        context={"team": account.team, "ending": ending},
    )


def _ending(now: datetime) -> QuerySet[Lot]:
    return Lot.objects.filter(expires_at__gt=now, expires_at__lte=now + BEFORE)
