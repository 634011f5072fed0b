"""Whether what a request cost stands in the provider's bill as in our books, in a sentence."""

from collections.abc import Iterable, Sequence

from generations.models import Attempt, Finding, FindingAction, GenerationRequest, SeenVia
from generations.pricing import format_usd

NOT_YET = "Not compared with the provider’s bill yet"


def of(request: GenerationRequest) -> str:
    """Whether it matches, and the amount; "" where nothing was sent that could cost."""
    attempts = list(request.attempts.all())
    bills = {one.pk: _billed(one) for one in attempts}
    total = format_usd(sum(filter(None, bills.values())))
    findings = [finding for one in attempts for finding in one.findings.all()]
    if any(map(_is_open, findings)):
        return f"Does not match the provider’s bill of {total} yet: staff look into it"
    if findings:
        return f"The provider billed {total}, not what was booked first; that is settled"
    costly = [one for one in attempts if one.cost_nano_usd or bills[one.pk] is not None]
    if not costly:
        return ""
    compared = all(bills[one.pk] is not None for one in costly)
    return f"Matches the provider’s bill: {total}" if compared else NOT_YET


def _billed(attempt: Attempt) -> int | None:
    """What the provider's list of charges has for it in nano-USD, or else its log."""
    charges = list(attempt.charges.all())
    by_source: Iterable[Sequence[int]] = (
        [one.nano_usd for one in charges if one.seen_via == source]
        for source in (SeenVia.TRANSACTION, SeenVia.LOG)
    )
    return next((sum(found) for found in by_source if found), None)


def _is_open(finding: Finding) -> bool:
    return finding.action == FindingAction.CASE and finding.resolved_at is None
