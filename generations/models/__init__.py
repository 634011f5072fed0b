from generations.models.image import Image, ImageStatus
from generations.models.moderation import Decision, DecisionAction, Report, ReportReason
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

__all__ = [
    "OPEN",
    "TERMINAL",
    "Attempt",
    "AttemptState",
    "CostSource",
    "Decision",
    "DecisionAction",
    "GenerationRequest",
    "Image",
    "ImageStatus",
    "Report",
    "ReportReason",
    "Source",
    "Status",
    "Visibility",
]
