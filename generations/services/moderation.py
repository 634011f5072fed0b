"""Reports by members and decisions by staff."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from accounts.services import staff
from generations import events
from generations.models import Decision, DecisionAction, Image, Report, ReportReason, ShareLink
from generations.services import notices


def report(*, by: User, image: Image, reason: ReportReason, words: str = "") -> Report:
    """Say that an image should be looked at; said again before a decision, the first stands."""
    found, _ = Report.objects.get_or_create(
        image=image,
        reporter=by,
        decision=None,
        defaults={"reason": reason, "words": words.strip()},
    )
    return found


def report_through(
    link: ShareLink, *, image: Image, reason: ReportReason, words: str = ""
) -> Report:
    """The same by somebody who was sent a link; it shows the image no more until a decision."""
    found, _ = Report.objects.get_or_create(
        image=image,
        reporter=None,
        decision=None,
        defaults={"link": link, "reason": reason, "words": words.strip()},
    )
    return found


def decide(*, by: User, image: Image, action: DecisionAction, reason: str) -> Decision:
    """Hide, restore or leave an image, with a reason that is recorded and told to the author.

    Raises NotAllowed.
    """
    staff.expect_staff(by)
    if not reason.strip():
        raise ValueError("A decision needs a reason.")
    with transaction.atomic():
        decision = Decision.objects.create(image=image, action=action, reason=reason.strip(), by=by)
        if action == DecisionAction.HIDE:
            Image.objects.filter(pk=image.pk).update(hidden_at=Now())
        elif action == DecisionAction.RESTORE:
            Image.objects.filter(pk=image.pk).update(hidden_at=None)
        image.reports.filter(decision__isnull=True).update(decision=decision)
        events.changed(image.request_id)
        if action != DecisionAction.DISMISS:
            notices.decided(decision=decision)
    return decision
