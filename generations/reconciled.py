"""What the reconciliation page shows: the days, the open cases, and what was settled last."""

from dataclasses import dataclass

from generations.models import Finding, FindingKind, Reconciliation
from generations.services import cases, corrections

DAYS_SHOWN = 31
CASES_SHOWN = 100
SETTLED_SHOWN = 20

PRICE = "The house paid the difference. See whether the model's price has changed."
LESS = "The team paid more than the provider took: give the difference back."
NOTHING = "The provider has no such charge. If its records are not just late, give it back."
NOT_TAKEN = "It is in the provider's log, and its list of charges has no such charge: give it back."
CAME_BACK = "The provider gave it back. Give the team back what it paid."
AFTER_ALL = "The provider took it after all. Look at what the team got back, and at the amount."
ITS_OWN = "The provider's log and its list of charges differ. The list counts; ask the provider."
STRANGER = "No request of ours has this id. Does something else use this key?"
OF_A_DAY = "Each is small enough to be put up with, together they are not. Has a price changed?"


@dataclass(frozen=True, slots=True)
class Case:
    finding: Finding
    advice: str
    refundable: int


def page() -> dict[str, object]:
    """The context of the page but for its form."""
    waiting = (
        Finding.objects.open()
        .select_related("attempt__request__hold")
        .prefetch_related("attempt__images", "attempt__request__hold__entries")
    )
    settled = Finding.objects.settled().select_related("attempt__request", "resolved_by")
    shown = [Case(one, _advice(one), cases.refundable(one)) for one in waiting[:CASES_SHOWN]]
    return {
        "days": Reconciliation.objects.all()[:DAYS_SHOWN],
        "cases": shown,
        "case_count": waiting.count(),
        "can_refund": any(case.refundable for case in shown),
        "settled": settled.order_by("-found_at")[:SETTLED_SHOWN],
    }


def _advice(finding: Finding) -> str:
    if finding.attempt is None:
        return OF_A_DAY if finding.kind == FindingKind.DAY else STRANGER
    if finding.kind == FindingKind.OURS_ONLY:
        return NOTHING
    if finding.further == corrections.AFTER_ALL:
        return AFTER_ALL
    if finding.theirs_nano_usd <= 0:
        return CAME_BACK if finding.further else NOT_TAKEN
    if finding.difference_nano_usd == 0:
        return ITS_OWN
    return PRICE if finding.difference_nano_usd > 0 else LESS
