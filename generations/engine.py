"""How the engine does now: what is under way, what holds it up, and who works."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from generations import failures
from generations.models import Circuit, Gate, GenerationRequest, Status, WebhookInbox
from generations.services import beats
from generations.services.beats import Standstill

SHOWN = (
    Status.QUEUED,
    Status.SENDING,
    Status.SUBMITTED,
    Status.ANSWERED,
    Status.UNCONFIRMED,
    Status.AWAITING_APPROVAL,
)


@dataclass(frozen=True, slots=True)
class UnderWay:
    status: Status
    count: int
    oldest: datetime | None  # when the oldest of them was asked for

    @property
    def label(self) -> str:
        return str(self.status.label)


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    circuit: Circuit

    @property
    def words(self) -> str:
        return failures.pause(self.circuit.because)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A part that nobody works on."""

    found: Standstill

    @property
    def words(self) -> str:
        return failures.pause(self.found.because)


def state() -> dict[str, object]:
    workers = beats.workers()
    stopped = [beats.standstill(part, workers) for part in beats.WATCHED]
    return {
        "under_way": _under_way(),
        "circuits": [OpenCircuit(one) for one in Circuit.objects.order_by("provider", "model")],
        "slowed": Gate.objects.filter(slowed_to__isnull=False).order_by("provider"),
        "workers": workers,
        "stopped": [Stopped(one) for one in stopped if one],
        "inbox": WebhookInbox.objects.filter(processed_at__isnull=True).aggregate(
            count=Count("pk"), oldest=Min("received_at")
        ),
    }


def _under_way() -> Sequence[UnderWay]:
    waiting = GenerationRequest.objects.filter(status__in=SHOWN).order_by()
    found = {
        status: (count, oldest)
        for status, count, oldest in waiting.values_list("status").annotate(
            count=Count("pk"), oldest=Min("created_at")
        )
    }
    return [UnderWay(status, *found.get(status, (0, None))) for status in SHOWN]
