"""Ending the cases that reconciling left to a person, with a note and, if owed, a refund."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now

from accounts.models import EntryKind, User
from accounts.services import alone, ledger, lots, staff
from generations.models import Finding, SeenVia
from generations.services import price_book


def resolve(*, by: User, cases: Iterable[Finding], note: str, refund: bool = False) -> int:
    """Resolve those still open, and with `refund` give teams back what they paid too much.

    Returns how many were resolved now. Raises NotAllowed for anybody but staff, and
    SecondPersonNeeded at the first one whose refund they may not give alone.
    """
    staff.expect_staff(by)
    return sum(_resolve(by, case, note, refund=refund) for case in cases)


def refundable(case: Finding) -> int:
    """Microcredits that the team paid for it, the provider never took and nobody gave back yet."""
    if case.attempt is None or case.attempt.cost_nano_usd is None:
        return 0
    request = case.attempt.request
    if case.attempt.fence != request.fence:
        return 0  # The house paid for it: the team did for the attempt that came after.
    ours, theirs = _compared(case)
    # With the mark-up that they paid on it. Rows of what was deleted for good are gone.
    came = max(len(case.attempt.images.all()), request.arrived)
    whole, due = (
        price_book.share(request, cost, came=came, kept=came).paid for cost in (ours, theirs)
    )
    hold = request.hold
    above = [entry for entry in hold.entries.all() if entry.key.startswith("overrun")]
    paid = hold.captured + sum(one.amount for one in above if one.kind == EntryKind.OVERRUN)
    # Of what came and could not be kept they paid a part, and so they get back a part.
    part = hold.captured + sum(one.amount for one in above)
    over = paid - hold.refunded - -(-due * part // whole) if whole else 0
    return max(min(over, hold.cost), 0)


def _compared(case: Finding) -> tuple[int, int]:
    """What we booked for the call, and what the provider took for it, in nano-USD."""
    if case.theirs_nano_usd >= 0 or case.attempt is None:
        return case.ours_nano_usd, case.theirs_nano_usd
    # Some of it came back: what counts is what the provider kept.
    moved = case.attempt.charges.filter(seen_via=SeenVia.TRANSACTION)
    kept = moved.aggregate(total=Sum("nano_usd"))["total"] or 0
    return case.attempt.cost_nano_usd or 0, max(kept, 0)


def _owed_back(case: Finding, by: User) -> int:
    """What is refundable when nobody else gives anything back: a call may have several cases."""
    alone.in_turn(by)  # Before the account, as wherever staff change what a team has.
    if case.attempt:
        hold = case.attempt.request.hold
        lots.alone_with(hold.account)
        hold.refresh_from_db()
    return refundable(case)


def _resolve(by: User, case: Finding, note: str, *, refund: bool) -> bool:
    with transaction.atomic():
        # Locked first, so that two who press at once do not both give back.
        still_open = Finding.objects.open().select_for_update(of=("self",)).filter(pk=case.pk)
        found = still_open.select_related("attempt__request__hold").first()
        if found is None:
            return False
        amount = _owed_back(found, by) if refund else 0
        alone.expect_second(amount, by=by, approver=None)
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
