"""Telling owners, once of each lot, that credits are about to run out."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import CreditAccount, Lot, LotWarning, User
from accounts.money import say_credits
from accounts.services import lots
from accounts.services.lots import Remaining
from accounts.services.mail import send_after_commit

BEFORE = timedelta(days=7)


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
