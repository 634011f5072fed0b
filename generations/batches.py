"""One request as a page shows it: its tiles, its stage in words, what it cost, what went wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.contrib.humanize.templatetags.humanize import ordinal
from django.utils import timezone

from generations import catalog, failures, moves, tiles, waits
from generations.models import GenerationRequest, Status
from generations.services import approvals
from generations.tiles import Tile
from generations.waits import NOTHING, Wait

SOME_SECONDS = 10  # Of a model that left the catalog while it was waited for.
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
class Batch:
    request: GenerationRequest
    wait: Wait = NOTHING

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
        if self.wait.paused:
            return f"Paused: {self.wait.paused}"
        if status == Status.QUEUED:
            return self._stage_with_us
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
    def approvers(self) -> str:
        return self.wait.approvers

    @property
    def _stage_with_us(self) -> str:
        if self.request.error_code:
            return "Provider busy, trying again"
        if self.wait.full:
            return f"{self.wait.full} is full, sent when it has a place"
        return f"Queued · {self.wait.ahead} ahead" if self.wait.ahead else "Queued"

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
        model = catalog.MODELS.get(self.request.model)
        return model.typical_seconds if model else SOME_SECONDS

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
        return self.request.hold.amount if self.is_open else self.request.hold.cost

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
        shown = tiles.of_images(self.request)
        if self.is_open or self.failure:
            missing = "pending" if self.is_open else "blocked" if self.blocked else "failed"
            shown = [tile for tile in shown if tile.state in {"ready", "hidden"}]
            shown += [Tile(missing)] * (self.num_images - len(shown))
        elif len(shown) < self.request.arrived:
            shown += [Tile("purged")] * (self.request.arrived - len(shown))
        return shown

    @property
    def ready(self) -> int:
        return sum(tile.state == "ready" for tile in self.tiles)


def present(requests: Iterable[GenerationRequest]) -> list[Batch]:
    """In a fixed number of queries, fewer where nothing waits and nothing is hidden."""
    shown = list(requests)
    tiles.prefetch(shown)
    waiting = waits.of(shown)
    return [Batch(request, waiting[request.pk]) for request in shown]


def _why_cancelled(request: GenerationRequest) -> failures.Failure:
    approval = getattr(request, "approval", None)
    if request.error_code == approvals.DECLINED and approval:
        return failures.declined(approval.by.display_name, approval.words)
    return failures.CANCELLED
