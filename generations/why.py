"""Why a request is in its state, and what happens next: one table for every status and reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format

from generations import failures
from generations.models import OPEN, Circuit, GenerationRequest, Status
from generations.providers.errors import ErrorKind
from generations.services import backoff, providers, recovery, results
from generations.services.beats import Standstill
from generations.waits import NO_KEY, wants_key


@dataclass(frozen=True, slots=True)
class Why:
    """`{due}` stands for when it is worked on next, `{lease}` for when its lease runs out, and
    `{paused}` for what keeps it waiting."""

    because: str
    next: str


HAPPENED: Mapping[str, str] = {
    ErrorKind.INVALID: "The provider did not accept the request as it stands",
    ErrorKind.UNAUTHORIZED: "The provider refused our key",
    ErrorKind.NO_CREDITS: "Our account at the provider is empty",
    ErrorKind.FORBIDDEN: "Our key may not use this model",
    ErrorKind.MODEL_GONE: "The provider does not offer this model",
    ErrorKind.REFUSED: "The provider's safety filter refused it",
    ErrorKind.TOO_LARGE: "A reference image was too large for the provider",
    ErrorKind.RATE_LIMITED: "The provider was busy",
    ErrorKind.UNAVAILABLE: "The provider was not available",
    ErrorKind.CONNECTION: "The connection to the provider failed",
    ErrorKind.TIMEOUT: "The provider did not answer in time",
    ErrorKind.SERVER: "The provider failed on it",
    ErrorKind.UNREADABLE: "The provider's answer could not be read",
}

_AGAIN = (
    f"It is sent again {{due}}, at most {backoff.MOST_TRIES} times within "
    f"{backoff.MOST_TIME // timedelta(minutes=1)} minutes."
)
_LOOK = (
    "The provider's records are looked at {due}. If it did not run, it is sent again; if it was "
    "charged, the house pays; if they say nothing for a day, the hold is released."
)
_ENDED = "Nothing more. The hold was released; what the provider charged, the house pays."

# Reasons that are seen from the row rather than written into it.
PAUSED, NO_ROOM, STANDSTILL = "circuit open", "no room", "standstill"
MOVED = "moved"
CANCELLING, LOST_SUBMIT = "cancelling", "lost submit"

WHY: Mapping[tuple[str, str], Why] = {
    (Status.AWAITING_APPROVAL, ""): Why(
        "It costs more than the team lets anyone spend unasked, and nobody has decided yet.",
        "Nothing is sent before somebody approves it; declined or cancelled, the hold is released.",
    ),
    (Status.QUEUED, ""): Why(
        "It waits in our queue for its team's turn.",
        "A free worker takes it. The team with the fewest calls under way comes first.",
    ),
    (Status.QUEUED, MOVED): Why(
        "The provider that was asked did not take it, so another one makes it with the same model.",
        "A free worker sends it there. The hold covers that provider's price, too.",
    ),
    (Status.QUEUED, PAUSED): Why(
        "The circuit is open: {paused}.",
        "It waits unharmed. The provider is tried {probe}; once it answers, this goes on.",
    ),
    (Status.QUEUED, NO_ROOM): Why(
        "Nothing is sent to anybody: {paused}.",
        "It waits unharmed, and is sent as soon as what comes back can be kept again.",
    ),
    (Status.QUEUED, NO_KEY): Why(
        "Its provider has no key here any more.",
        "It waits unharmed for the key to be set again, or to be cancelled.",
    ),
    **{
        (status, STANDSTILL): Why(
            "Nobody works on it: {paused}.",
            "Nothing is lost, and nothing is paid twice. It goes on once a worker does.",
        )
        for status in sorted(OPEN - {Status.AWAITING_APPROVAL})
    },
    **{
        (Status.QUEUED, kind): Why(f"{happened}, which proves that it did not run.", _AGAIN)
        for kind, happened in HAPPENED.items()
    },
    (Status.SENDING, ""): Why(
        "A worker has sent it and waits for the provider's answer.",
        "The answer is kept as it comes. Should the worker die, its lease runs out {lease}; then "
        "the provider's records decide, and before that nothing is sent again.",
    ),
    (Status.SUBMITTED, ""): Why(
        "The provider took it into its queue.",
        "The provider tells us when it is done, or is asked {due}.",
    ),
    (Status.SUBMITTED, CANCELLING): Why(
        "It is in the provider's queue, and the provider is asked to drop it.",
        "The provider is asked {due}. If it has begun already, the result comes and is charged.",
    ),
    (Status.SUBMITTED, results.GONE): Why(
        "At the last look the provider knew nothing of it, which may be its gateway's fault.",
        "It is asked again {due}. If it keeps saying so, it fails and the hold is released.",
    ),
    (Status.ANSWERED, ""): Why(
        "The provider's answer is kept, and its images are being stored.",
        "Once they are stored it is charged. Should the worker die, another goes on {lease}.",
    ),
    (Status.ANSWERED, "storage"): Why(
        "Our store did not take the images. The provider's answer is kept.",
        "They are stored again {due}, ever less often; nothing is paid twice.",
    ),
    (Status.ANSWERED, "fault"): Why(
        "A fault of ours kept its images from being stored. The provider's answer is kept.",
        "They are stored again {due}, ever less often; the workers' log holds the fault.",
    ),
    (Status.ANSWERED, "download"): Why(
        "The provider has not handed out the images yet. Its answer is kept.",
        "They are fetched again {due}; what does not come within a day is not charged.",
    ),
    (Status.ANSWERED, "cost"): Why(
        "The answer holds no usable picture, and does not say what it cost.",
        "The provider's records are asked {due}; after a day it fails and the hold is released.",
    ),
    (Status.UNCONFIRMED, ""): Why("It was sent, and what became of it is not known.", _LOOK),
    **{
        (Status.UNCONFIRMED, kind): Why(
            f"{happened}, after the request had left: it may have run and cost.", _LOOK
        )
        for kind, happened in HAPPENED.items()
    },
    (Status.UNCONFIRMED, "worker_died"): Why(
        "The worker died, or lost the database, while it waited for the answer: it may have run.",
        _LOOK,
    ),
    (Status.UNCONFIRMED, recovery.ABSENT): Why(
        "The provider's records did not hold it at the first look. They are written late.",
        "They are looked at again {due}. Still absent, it did not run and is sent again.",
    ),
    (Status.UNCONFIRMED, LOST_SUBMIT): Why(
        "The provider's answer to the submit was lost, so its name for the request is not known.",
        "Only its webhook can tell. Two hours after it was sent the hold is released; what the "
        "provider charged all the same, the house pays.",
    ),
    (Status.SUCCEEDED, ""): Why(
        "Its images are stored and its hold is settled.",
        "Nothing more. The provider's bill is laid beside it at night.",
    ),
    **{
        (Status.FAILED, kind): Why(f"{happened}, and no further try was due.", _ENDED)
        for kind, happened in HAPPENED.items()
    },
    (Status.FAILED, ""): Why("It failed, and the reason was not written down.", _ENDED),
    (Status.FAILED, "blocked"): Why("The safety filter blocked every image of it.", _ENDED),
    (Status.FAILED, "lost"): Why(
        "The provider ran and charged it, and its images cannot be had any more.", _ENDED
    ),
    (Status.FAILED, "not_run"): Why(
        "It was sent as often as it may be, and the provider never ran it.",
        _ENDED,
    ),
    (Status.FAILED, "unclear"): Why(
        "For a day, neither the provider nor its records said what became of it.", _ENDED
    ),
    (Status.FAILED, "not_taken"): Why(
        "The provider's answer to the submit was lost, and in two hours no webhook came.", _ENDED
    ),
    (Status.CANCELLED, ""): Why(
        "It was cancelled before it was made.", "Nothing more. The hold was released."
    ),
    (Status.CANCELLED, "declined"): Why(
        "Somebody who approves requests declined it.", "Nothing more. The hold was released."
    ),
}


def explain(
    request: GenerationRequest,
    circuit: Circuit | None = None,
    standstill: Standstill | None = None,
) -> Why:
    """The two sentences about this request; `circuit` is the open one that it waits for, and
    `standstill` what keeps all workers from it."""
    status = str(request.status)
    reason = STANDSTILL if standstill else _reason(request, circuit)
    found = WHY.get((status, reason)) or WHY[status, ""]
    pause = standstill or circuit
    values = {
        "due": when(request.due_at),
        "lease": when(request.lease_until),
        "paused": failures.pause(pause.because) if pause else "",
        "probe": when(circuit.probe_at) if circuit else "",
    }
    return Why(found.because.format(**values), found.next.format(**values))


def when(at: datetime | None) -> str:
    """When that is, from now: "at 10:41:03 UTC", with its day if that is another one."""
    if at is None or at <= timezone.now():
        return "in a moment"
    today = timezone.localdate(at) == timezone.localdate()
    return f"at {date_format(timezone.localtime(at), 'H:i:s' if today else 'H:i:s, j M')} UTC"


def _reason(request: GenerationRequest, circuit: Circuit | None) -> str:
    if wants_key(request):
        return NO_KEY
    if request.status == Status.QUEUED and circuit:
        return PAUSED if circuit.provider else NO_ROOM
    if request.status == Status.QUEUED and request.moved_from and not request.error_code:
        return MOVED
    if request.waits_at_provider and request.cancel_asked_at:
        return CANCELLING
    if request.status == Status.UNCONFIRMED and providers.is_queue(request.provider):
        return LOST_SUBMIT
    return str(request.error_code)
