"""One request as a page shows it: its tiles, its stage in words, what it cost, what went wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.contrib.humanize.templatetags.humanize import ordinal
from django.db.models import Count, Q
from django.utils import timezone

from generations import catalog, failures, moves
from generations.models import (
    Circuit,
    DecisionAction,
    GenerationRequest,
    Image,
    ImageStatus,
    Status,
)
from generations.services import approvals

AWAITING = Status.AWAITING_APPROVAL
FURTHEST = 95  # A bar is a guess by the clock, so it never claims to be done.
STAGES = {
    Status.AWAITING_APPROVAL: "Waits for approval",
    Status.SENDING: "Rendering",
    Status.ANSWERED: "Saving",
    Status.UNCONFIRMED: "Checking with the provider",
}
WAITING_FOR_STORE = {
    "storage": "Waiting for storage; kept, not paid twice",
    "fault": "Saving; kept, not paid twice",
    "download": "Fetching from the provider, trying again",
    "cost": "Checking with the provider",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """`state` is pending, ready, failed, blocked, hidden, trashed or purged; `note` says why one is
    hidden."""

    state: str
    image: Image | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    request: GenerationRequest
    ahead: int = 0
    approvers: str = ""  # in words, while it waits for one of them
    circuit: Circuit | None = None

    @property
    def id(self) -> object:
        return self.request.pk

    @property
    def prompt(self) -> str:
        return self.request.prompt

    @property
    def status(self) -> str:
        return self.request.status

    @property
    def created_at(self) -> datetime:
        return self.request.created_at

    @property
    def num_images(self) -> int:
        return self.request.num_images

    @property
    def is_open(self) -> bool:
        return self.request.is_open

    @property
    def model_name(self) -> str:
        return catalog.name_of(self.request.model)

    @property
    def can_cancel(self) -> bool:
        return self.request.can_be_cancelled

    @property
    def is_waiting(self) -> bool:
        """Whether there is no progress to show yet."""
        return self.request.has_not_begun

    @property
    def can_retry(self) -> bool:
        return not self.is_open

    @property
    def again_key(self) -> UUID:
        """Asked for twice with one key, it is made once: a double click costs nothing."""
        return uuid4()

    @property
    def stage(self) -> str:
        """What happens now, in words."""
        status = Status(self.request.status)
        if status == Status.QUEUED and self.circuit:
            return f"Paused: {failures.pause(self.circuit.because)}"
        if status == Status.QUEUED and self.request.error_code:
            return "Provider busy, trying again"
        if status == Status.QUEUED:
            return f"Queued · {self.ahead} ahead" if self.ahead else "Queued"
        if status == Status.SUBMITTED:
            return self._stage_at_the_provider
        if status == Status.ANSWERED and self.request.error_code in WAITING_FOR_STORE:
            return WAITING_FOR_STORE[self.request.error_code]
        return STAGES.get(status, "")

    @property
    def moved(self) -> str:
        """Why another provider makes it, for as long as it is waited for."""
        return moves.why(self.request) if self.is_open else ""

    @property
    def _stage_at_the_provider(self) -> str:
        position = self.request.queue_position
        if position is None:
            return self.request.queue_note or "Rendering"
        if self.request.cancel_asked_at:
            return "Cancelling"
        return f"{ordinal(position + 1)} in {self.request.provider}'s queue"

    @property
    def usual_seconds(self) -> int:
        return catalog.get_model(self.request.model).typical_seconds

    @property
    def progress(self) -> int:
        """Percent of the usual time that has gone by; whole only when the images are there."""
        started = self.request.started_at
        if started is None:
            return 0
        passed = (timezone.now() - started).total_seconds()
        return min(int(100 * passed / self.usual_seconds), FURTHEST)

    @property
    def aspect(self) -> float:
        model = catalog.MODELS.get(self.request.model)
        if model is None:
            return 1.0
        width, height = catalog.dimensions(model, self.request.params)
        return round(min(max(width / height, 0.5), 2.4), 4)

    @property
    def cost_microcredits(self) -> int:
        return self.request.hold.amount if self.is_open else self.request.hold.captured

    @property
    def failure(self) -> failures.Failure | None:
        if self.request.status == Status.CANCELLED:
            return _why_cancelled(self.request)
        if self.request.status == Status.FAILED:
            return failures.explain(self.request.error_code)
        return None

    @property
    def blocked(self) -> bool:
        return self.request.error_code in {"blocked", "refused"}

    @property
    def tiles(self) -> list[Tile]:
        """One tile for each image asked for, or that came."""
        tiles = [_tile(image) for image in self._images()]
        if self.is_open or self.failure:
            missing = "pending" if self.is_open else "blocked" if self.blocked else "failed"
            tiles = [tile for tile in tiles if tile.state in {"ready", "hidden"}]
            tiles += [Tile(missing)] * (self.num_images - len(tiles))
        elif len(tiles) < self.request.arrived:
            tiles += [Tile("purged")] * (self.request.arrived - len(tiles))
        return tiles

    @property
    def ready(self) -> int:
        return sum(tile.state == "ready" for tile in self.tiles)

    def _images(self) -> Iterable[Image]:
        return sorted(self.request.images.all(), key=lambda image: image.index)


def present(requests: Iterable[GenerationRequest]) -> list[Batch]:
    shown = list(requests)
    queued = [request for request in shown if request.status == Status.QUEUED]
    ahead, circuits = _ahead(queued), open_circuits(queued)
    approvers = _approvers([request for request in shown if request.status == AWAITING])
    return [
        Batch(
            request,
            ahead=ahead.get(request.pk.hex, 0),
            approvers=approvers.get(request.team_id, ""),
            circuit=circuits.get(request.pk),
        )
        for request in shown
    ]


def _approvers(waiting: list[GenerationRequest]) -> dict[UUID, str]:
    """Who may approve, by team; nothing is asked where nothing waits."""
    teams = {request.team_id: request.team for request in waiting}
    return {pk: approvals.approvers_in_words(team) for pk, team in teams.items()}


def _why_cancelled(request: GenerationRequest) -> failures.Failure:
    approval = getattr(request, "approval", None)
    if request.error_code == approvals.DECLINED and approval:
        return failures.declined(approval.by.display_name, approval.words)
    return failures.CANCELLED


def open_circuits(requests: Iterable[GenerationRequest]) -> dict[UUID, Circuit]:
    """The open circuit that each of these waits for, if it does."""
    queued = [request for request in requests if request.status == Status.QUEUED]
    if not queued:
        return {}
    found = {(one.provider, one.model): one for one in Circuit.objects.all()}
    waits = {
        request.pk: found.get(("", ""))
        or found.get((request.provider, request.model))
        or found.get((request.provider, ""))
        for request in queued
    }
    return {pk: circuit for pk, circuit in waits.items() if circuit}


def _ahead(queued: list[GenerationRequest]) -> dict[str, int]:
    """How many of its team are queued before each of these requests, in one query."""
    if not queued:
        return {}
    waiting = GenerationRequest.objects.filter(
        status=Status.QUEUED, team__in={request.team_id for request in queued}
    )
    before = {
        request.pk.hex: Count("pk", filter=Q(team=request.team_id, id__lt=request.pk))
        for request in queued
    }
    return waiting.aggregate(**before)


def _tile(image: Image) -> Tile:
    if image.hidden_at:
        return Tile("hidden", note=_why_hidden(image))
    if image.status == ImageStatus.STORED:
        return Tile("trashed") if image.trashed_at else Tile("ready", image)
    if image.status == ImageStatus.PURGED:
        return Tile("purged")
    if image.status == ImageStatus.BLOCKED:
        return Tile("blocked")
    return Tile("pending" if image.status == ImageStatus.PENDING else "failed")


def _why_hidden(image: Image) -> str:
    reasons = [one.reason for one in image.decisions.all() if one.action == DecisionAction.HIDE]
    return reasons[0] if reasons else ""
