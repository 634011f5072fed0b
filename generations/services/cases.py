"""Ending the cases that reconciling left to a person, with a note and, if owed, a refund."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Now

from accounts.errors import NotAllowed
from accounts.models import User
from accounts.services import ledger
from generations.models import Finding
from generations.services import price_book


def resolve(*, by: User, cases: Iterable[Finding], note: str, refund: bool = False) -> int:
    """Resolve those still open, and with `refund` give teams back what they paid too much.

    Returns how many were resolved now. Raises NotAllowed for anybody but staff.
    """
    if not by.is_staff:
        raise NotAllowed
    return sum(_resolve(by, case, note, refund=refund) for case in cases)


def refundable(case: Finding) -> int:
    """Microcredits that the team paid for this charge and the provider never took."""
    if case.attempt is None:
        return 0
    request = case.attempt.request
    # With the mark-up that they paid on it.
    terms, images = price_book.terms_of(request), request.num_images
    over = terms.charge(case.ours_nano_usd, images=images) - terms.charge(
        case.theirs_nano_usd, images=images
    )
    return max(min(over, request.hold.captured - request.hold.refunded), 0)


def _resolve(by: User, case: Finding, note: str, *, refund: bool) -> bool:
    with transaction.atomic():
        # Locked first, so that two who press at once do not both give back.
        still_open = Finding.objects.open().select_for_update(of=("self",)).filter(pk=case.pk)
        found = still_open.select_related("attempt__request__hold").first()
        if found is None:
            return False
        amount = refundable(found) if refund else 0
        Finding.objects.filter(pk=found.pk).update(
            resolved_at=Now(), resolved_by=by, note=note, refunded=amount
        )
        if amount and found.attempt:
            ledger.refund(
                hold=found.attempt.request.hold_id,
                amount=amount,
                reference=f"finding:{found.pk}",
                reason=note[:300],
                by=by,
            )
    return True
