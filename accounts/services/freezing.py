"""Stopping a team's spending while its books are looked at. What was accepted is still settled."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models.functions import Now

from accounts.errors import ReasonNeeded
from accounts.models import AccountKind, CreditAccount, User
from accounts.services import staff

LONGEST = 300


def freeze(*, account: int, why: str) -> bool:
    """Let nothing more be held or moved; False where it was frozen before, whose reason stands."""
    found = CreditAccount.objects.filter(pk=account, kind=AccountKind.TEAM, frozen_at__isnull=True)
    return bool(found.update(frozen_at=Now(), frozen_because=why[:LONGEST]))


def unfreeze(*, account: CreditAccount, by: User, reason: str) -> None:
    """Let the team spend again; who did it and why is in the admin's log.

    Raises NotAllowed, ReasonNeeded.
    """
    staff.expect_staff(by)
    if not reason.strip():
        raise ReasonNeeded
    CreditAccount.objects.filter(pk=account.pk).update(frozen_at=None, frozen_because="")
    LogEntry.objects.log_actions(
        by.pk, [account], CHANGE, change_message=f"Unfrozen: {reason.strip()}", single_object=True
    )
