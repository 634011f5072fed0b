from generations.models.approval import Approval, Verdict
from generations.models.attempt import Attempt, AttemptState, CostSource
from generations.models.charges import BILLED, REPORTED, ProviderCharge, SeenVia
from generations.models.comparison import Comparison, ComparisonCell
from generations.models.exports import StatementExport
from generations.models.gates import Circuit, Gate
from generations.models.image import Image, ImageStatus
from generations.models.moderation import Decision, DecisionAction, Report, ReportReason
from generations.models.organising import Collection, CollectionItem, Favourite
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
    PRIORITY_OF,
    TERMINAL,
    UNSENT,
    GenerationRequest,
    Priority,
    Source,
    Status,
    Visibility,
)
from generations.models.sharing import Download, ShareLink
from generations.models.usage import UsageDay
from generations.models.webhook import WebhookInbox
from generations.models.workers import WorkerBeat

__all__ = [
    "BILLED",
    "OPEN",
    "PRIORITY_OF",
    "REPORTED",
    "TERMINAL",
    "UNSENT",
    "Approval",
    "Attempt",
    "AttemptState",
    "Circuit",
    "Collection",
    "CollectionItem",
    "Comparison",
    "ComparisonCell",
    "CostSource",
    "Decision",
    "DecisionAction",
    "Download",
    "Favourite",
    "Finding",
    "FindingAction",
    "FindingKind",
    "Gate",
    "GenerationRequest",
    "Image",
    "ImageStatus",
    "Markup",
    "PriceOrigin",
    "PriceProposal",
    "PriceReading",
    "PriceVersion",
    "Priority",
    "ProposalState",
    "ProviderCharge",
    "Reconciliation",
    "ReconciliationState",
    "Report",
    "ReportReason",
    "SeenVia",
    "ShareLink",
    "Source",
    "StatementExport",
    "Status",
    "UsageDay",
    "Verdict",
    "Visibility",
    "WebhookInbox",
    "WorkerBeat",
]
