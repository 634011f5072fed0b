"""What a member of staff changes alone within a day, over all teams, in one piece or in many."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q, Sum
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.errors import SecondPersonNeeded
from accounts.models import (
    ChangeKind,
    ChangeState,
    CreditChange,
    EntryKind,
    LedgerEntry,
    User,
)
from accounts.services import staff

A_DAY = timedelta(days=1)
# What a plan or a start of this Darkroom gives is a grant too, and no change of theirs.
BY_HAND = Q(kind__in=(EntryKind.ADJUST, EntryKind.REFUND)) | Q(
    kind=EntryKind.GRANT, change__isnull=False
)


def takes_two(by: User, amount: int) -> bool:
    """Whether so much more is above what they may do alone."""
    return amount > 0 and done(by) + amount > settings.ADJUSTMENT_LIMIT


def done(by: User) -> int:
    """Microcredits that they gave, took and lent within a day, nobody having agreed to it."""
    since = timezone.now() - A_DAY
    booked = LedgerEntry.objects.filter(BY_HAND, actor=by, approver=None, created_at__gt=since)
    lent = CreditChange.objects.filter(
        by=by,
        decided_by=None,
        kind=ChangeKind.OVERDRAFT,
        state=ChangeState.DONE,
        decided_at__gt=since,
    )
    raised = lent.aggregate(total=Sum(Greatest(F("amount") - F("overdraft_before"), 0)))
    return (booked.aggregate(total=Sum("amount"))["total"] or 0) + (raised["total"] or 0)


def expect_second(amount: int, *, by: User, approver: User | None) -> None:
    """Raises SecondPersonNeeded unless another active member of staff agreed, or none has to.

    Call it in one transaction with what it is about: whatever else they do alone waits for that.
    """
    if approver is not None and approver != by and staff.is_staff(approver):
        return
    in_turn(by)
    if takes_two(by, amount):
        raise SecondPersonNeeded(settings.ADJUSTMENT_LIMIT)


def in_turn(by: User) -> None:
    """Let one of their changes run at a time: two would each find room for itself alone."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
