"""What a plan gives. Much takes two, as by hand: one member of staff sets it, another agrees."""

from django.db import transaction
from django.utils import timezone

from accounts.errors import JoinedLater, OwnChange
from accounts.models import Plan, User
from accounts.services import staff


def save(*, by: User, plan: Plan) -> None:
    """Keep a plan as they wrote it; what gives otherwise than before, nobody has agreed to yet.

    Raises NotAllowed.
    """
    staff.expect_staff(by)
    with transaction.atomic():
        before = Plan.objects.select_for_update(no_key=True).filter(pk=plan.pk).first()
        if before is None or before.gives != plan.gives:
            plan.set_by, plan.set_at, plan.agreed_by = by, timezone.now(), None
        else:  # and whatever was agreed to since this was read
            plan.set_by, plan.set_at = before.set_by, before.set_at
            plan.agreed_by = before.agreed_by
        plan.save()


def agree(*, by: User, plan: Plan) -> None:
    """Let teams have it. Raises NotAllowed, OwnChange, JoinedLater."""
    staff.expect_staff(by)
    with transaction.atomic():
        found = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        if found.set_by == by:
            raise OwnChange
        if by.date_joined > found.set_at:
            raise JoinedLater
        Plan.objects.filter(pk=found.pk).update(agreed_by=by)
