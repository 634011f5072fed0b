from generations.models.image import Image, ImageStatus
from generations.models.moderation import Decision, DecisionAction, Report, ReportReason
from generations.models.reconciliation import (
    Finding,
    FindingAction,
    FindingKind,
    Reconciliation,
    ReconciliationState,
)
from generations.models.request import (
    OPEN,
    TERMINAL,
    Attempt,
    AttemptState,
    CostSource,
    GenerationRequest,
    Source,
    Status,
    Visibility,
)
from generations.models.usage import UsageDay

__all__ = [
    "OPEN",
    "TERMINAL",
    "Attempt",
    "AttemptState",
    "CostSource",
    "Decision",
    "DecisionAction",
    "Finding",
    "FindingAction",
    "FindingKind",
    "GenerationRequest",
    "Image",
    "ImageStatus",
    "Reconciliation",
    "ReconciliationState",
    "Report",
    "ReportReason",
    "Source",
    "Status",
    "UsageDay",
    "Visibility",
]
