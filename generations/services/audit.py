"""Do requests and credits agree? What the ledger alone cannot know."""

from django.db.models import Q

from accounts.models import HoldState
from accounts.services import ledger_check
from accounts.services.ledger_check import LedgerReport
from generations.models import TERMINAL, GenerationRequest, Status

SHOWN = 20


def check_ledger() -> LedgerReport:
    """The ledger's own check, and that each hold stands as its request does."""
    report = ledger_check.check()
    report.problems += disagreements()
    return report


def disagreements() -> list[str]:
    """Ended requests whose hold waits, open ones whose hold is gone, charges without success."""
    wrong = (
        Q(status__in=TERMINAL, hold__state=HoldState.PENDING)
        | (~Q(status__in=TERMINAL) & ~Q(hold__state=HoldState.PENDING))
        | (~Q(status=Status.SUCCEEDED) & Q(hold__captured__gt=0))
    )
    found = GenerationRequest.objects.filter(wrong).select_related("hold").order_by("id")[:SHOWN]
    return [f"Request {one.pk}: {one.status}, but its hold is {one.hold.state}" for one in found]
