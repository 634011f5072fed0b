"""What staff may do to a request or a circuit by hand; each is written down in the admin's log."""

from enum import StrEnum

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Model
from django.db.models.functions import Now

from accounts.models import User
from generations import enqueue
from generations.errors import NotNow
from generations.models import Attempt, Circuit, GenerationRequest, Status
from generations.services import backoff, providers, records, requests, settling


class Deed(StrEnum):
    CANCEL = "cancel"
    LOOK = "look"
    RELEASE = "release"


# Each has its next look at a time of its own, which may as well be now.
LOOKED_AT = (Status.SUBMITTED, Status.ANSWERED, Status.UNCONFIRMED)


def lawful(request: GenerationRequest, attempt: Attempt | None) -> set[Deed]:
    """What may be done to it now; `attempt` is its last."""
    found = set()
    if request.can_be_cancelled:
        found.add(Deed.CANCEL)
    if request.status in LOOKED_AT and not _is_in_hand(request):
        found.add(Deed.LOOK)
    if _is_past_patience(request, attempt):
        found.add(Deed.RELEASE)
    return found


def do(deed: Deed, *, by: User, request: GenerationRequest) -> str:
    """Do it, and say in words what came of it. Raises NotNow, and TooLateToCancel."""
    attempt = request.attempts.order_by("-number").first()
    if deed not in lawful(request, attempt):
        raise NotNow
    with transaction.atomic():
        said = _DEEDS[deed](request, attempt)
        write_down(by=by, row=request, words=said)
    return said


def try_now(*, by: User, circuit: Circuit) -> None:
    """Let the next request through an open circuit, as its probe."""
    with transaction.atomic():
        Circuit.objects.filter(pk=circuit.pk).update(probe_at=Now())
        write_down(by=by, row=circuit, words="Tried before its time.")
        enqueue.after_commit(enqueue.send_ticket)


def write_down(*, by: User, row: Model, words: str) -> None:
    """Keep who did or saw what, where the admin keeps it."""
    LogEntry.objects.log_actions(by.pk, [row], CHANGE, words, single_object=True)


def _cancel(request: GenerationRequest, _: Attempt | None) -> str:
    if requests.cancel(request=request):
        return "Cancelled. Its hold is released."
    return "The provider was asked to drop it."


def _look(request: GenerationRequest, _: Attempt | None) -> str:
    due = GenerationRequest.objects.filter(pk=request.pk, status=request.status)
    if not due.update(due_at=Now()):
        raise NotNow
    return "It is looked at now, out of its turn."


def _release(request: GenerationRequest, attempt: Attempt | None) -> str:
    code = "not_taken" if _is_lost_submit(request) else "unclear"
    if attempt is None or not settling.fail(request=request, attempt=attempt, code=code):
        raise NotNow
    return "Given up. Its hold is released; what the provider charged, the house pays."


_DEEDS = {Deed.CANCEL: _cancel, Deed.LOOK: _look, Deed.RELEASE: _release}


def _is_in_hand(request: GenerationRequest) -> bool:
    """Whether a worker is storing it at this moment, or will be told to by itself."""
    return request.status == Status.ANSWERED and not request.error_code


def _is_lost_submit(request: GenerationRequest) -> bool:
    return request.status == Status.UNCONFIRMED and providers.is_queue(request.provider)


def _is_past_patience(request: GenerationRequest, attempt: Attempt | None) -> bool:
    """Whether it was unclear for as long as the policy waits before the team gets its hold back."""
    if attempt is None or request.status not in {Status.SUBMITTED, Status.UNCONFIRMED}:
        return False
    unclear = request.status == Status.UNCONFIRMED
    patience = records.patience(attempt) if unclear else backoff.GIVE_UP_AFTER
    return records.was_sent_before(attempt, patience)
