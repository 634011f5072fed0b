"""Which credits are about to run out, and telling owners of it, once of each lot."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import CreditAccount, Lot, LotWarning, User
from accounts.money import say_credits
from accounts.services import lots
from accounts.services.lots import Remaining
from accounts.services.mail import send_after_commit

BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Portion:
    """Credits that are burnt together; without `last_day` they do not run out."""

    amount: int
    last_day: date | None = None


def portions(account: CreditAccount, *, now: datetime | None = None) -> list[Portion]:
    """What is available in the order in which it is burnt; empty where nothing runs out.

    What was spent since lots were matched counts as taken from what does not run out.
    """
    ending = account.lots.filter(expires_at__gt=now or timezone.now())
    if not ending.exists():
        return []
    # What never ends and is burnt after all of these needs no look at what was taken from it.
    last = ending.order_by("-priority").values("priority")[:1]
    before = account.lots.filter(expires_at=None, priority__lt=Subquery(last))
    found = (ending | before).annotate(burnt=Coalesce(Sum("allocations__amount"), 0))
    in_order = sorted(found, key=lots.burn_order)
    left = [(lot.amount - lot.burnt, lot.expires_at) for lot in in_order]
    return _available(left, max(account.available, 0))


def _available(left: list[tuple[int, datetime | None]], available: int) -> list[Portion]:
    """So much of it as is available, the last burnt first, and what else there is after it."""
    found: list[Portion] = []
    for amount, ends in reversed(left):
        part = min(amount, available)
        available -= part
        # Until the moment itself: what ends at midnight ends with the day before.
        found.insert(0, Portion(part, ends and (ends - timedelta.resolution).date()))
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
