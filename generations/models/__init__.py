from generations.models.approval import Approval, Verdict
from generations.models.charges import BILLED, REPORTED, ProviderCharge, SeenVia
from generations.models.exports import StatementExport
from generations.models.image import Image, ImageStatus
from generations.models.moderation import Decision, DecisionAction, Report, ReportReason
from generations.models.prices import (
    Markup,
    PriceOrigin,
    PriceProposal,
    PriceReading,
    PriceVersion,
    ProposalState,
)
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
    "BILLED",
    "OPEN",
    "REPORTED",
    "TERMINAL",
    "Approval",
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
    "Markup",
    "PriceOrigin",
    "PriceProposal",
    "PriceReading",
    "PriceVersion",
    "ProposalState",
    "ProviderCharge",
    "Reconciliation",
    "ReconciliationState",
    "Report",
    "ReportReason",
    "SeenVia",
    "Source",
    "StatementExport",
    "Status",
    "UsageDay",
    "Verdict",
    "Visibility",
]
