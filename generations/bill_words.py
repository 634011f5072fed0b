"""Whether what a request cost stands in the provider's bill as in our books, in a sentence."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from generations.models import (
    BILLED,
    Attempt,
    CostSource,
    Finding,
    FindingAction,
    FindingKind,
    GenerationRequest,
    SeenVia,
)
from generations.pricing import format_usd
from generations.services.bills import agree

NOT_YET = "Not compared with the provider’s bill yet"


@dataclass(frozen=True)
class _Call:
    """A call in our books and, in nano-USD, on the bill: None where that does not have it."""

    attempt: Attempt

    @cached_property
    def findings(self) -> list[Finding]:
        return list(self.attempt.findings.all())

    @cached_property
    def billed(self) -> int | None:
        """For each inference what the list of charges has, or where that is silent the log."""
        figures: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for one in self.attempt.charges.all():
            figures[one.inference_id][one.seen_via] += one.nano_usd
        found = [
            next(by_source[source] for source in BILLED if source in by_source)
            for by_source in figures.values()
            if by_source.keys() & set(BILLED)
        ]
        return sum(found) if found else None

    @property
    def booked(self) -> int:
        """Before anything was learned from the bill."""
        if self.attempt.cost_source == CostSource.LOG:
            for one in self.attempt.charges.all():
                if one.seen_via == SeenVia.COMPUTED:
                    return one.nano_usd
        return self.attempt.cost_nano_usd or 0

    @property
    def differs(self) -> bool:
        """Still, now that the record of it may have come: without a finding it never did."""
        return bool(self.findings) and not agree(self.booked, self.billed or 0)

    @property
    def paid_by_house(self) -> int:
        lost = any(one.kind == FindingKind.THEIRS_ONLY for one in self.findings)
        return (self.billed or 0) if lost else 0


def of(request: GenerationRequest) -> str:
    """Whether it matches, and the amount; "" where nothing was sent that could cost."""
    calls = [_Call(one) for one in request.attempts.all()]
    total = format_usd(sum(one.billed or 0 for one in calls))
    if any(_is_open(finding) for one in calls for finding in one.findings):
        return f"Does not match the provider’s bill of {total} yet: staff look into it"
    if any(one.differs for one in calls):
        return f"The provider billed {total}, not what was booked first; that is settled"
    costly = [one for one in calls if one.attempt.cost_nano_usd or one.billed is not None]
    if any(one.billed is None for one in costly):
        return NOT_YET
    return f"Matches the provider’s bill: {total}{_whose(costly)}" if costly else ""


def _whose(calls: list[_Call]) -> str:
    house = sum(one.paid_by_house for one in calls)
    if house == sum(one.billed or 0 for one in calls):
        return "; the house paid it" if house else ""
    return f"; the house paid {format_usd(house)} of it" if house else ""


def _is_open(finding: Finding) -> bool:
    return finding.action == FindingAction.CASE and finding.resolved_at is None
