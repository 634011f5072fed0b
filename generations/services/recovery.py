"""Looking for stuck rows and ending them. Needs no message to have survived.

Runs every few seconds in every worker; each step is bounded and harmless when two run at once.
"""

import functools
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from generations import enqueue
from generations.models import (
    Attempt,
    AttemptState,
    GenerationRequest,
    Image,
    ImageStatus,
    Status,
)
from generations.providers.base import LogEntry
from generations.providers.errors import ProviderError
from generations.services import (
    backoff,
    claiming,
    draining,
    failover,
    gates,
    images,
    leases,
    providers,
    records,
    settling,
    states,
)

AT_ONCE = 500
LOOKS_AT_ONCE = 500
RENDITIONS_LATE = timedelta(seconds=15)
ABSENT = "absent"  # error code of a request whose attempt was looked for once and not found

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """How often a message was sent again, and until when it is waited for."""

    times: int
    until: float


NEVER = _Asked(0, float("-inf"))
_asked_again: dict[UUID, _Asked] = {}


def sweep(consuming: Collection[str] = ("generate", "media")) -> None:
    """One round: send again what the queues may have lost.

    Only to queues that this process consumes: with nobody to read them, messages would pile up.
    """
    if "generate" in consuming and not draining.is_on():
        reissue_tickets()
        _alone(gates.speed_up)
        _alone(resume_storing)
        _alone(failover.move_over)
    if "media" in consuming:
        _alone(reissue_renditions)


def notice_the_dead() -> None:
    """No step of `sweep`: a broker that hangs must not keep a dead worker from being noticed."""
    _alone(expire_leases)


def expire_leases() -> None:
    """A sent request whose worker died may have run: it becomes UNCONFIRMED, never QUEUED."""
    expired = GenerationRequest.objects.filter(status=Status.SENDING, lease_until__lt=Now())
    for request in expired.order_by("lease_until")[:AT_ONCE]:
        with transaction.atomic():
            moved = states.move(
                request.pk,
                leave=[Status.SENDING],
                to=Status.UNCONFIRMED,
                fence=request.fence,
                error_code="worker_died",
                # Who only lost the database, not their life, may bring the answer yet.
                due_at=leases.length(),
                tries=0,
                lease_until=None,
            )
            if moved:
                request.attempts.filter(state=AttemptState.SENT).update(state=AttemptState.UNKNOWN)
                log.warning("lease_expired", request=str(request.pk), owner=request.lease_owner)


def reissue_tickets() -> None:
    """As many tickets as there are rows to claim and idle hands here, less those under way."""
    idle = settings.WORKER_CONCURRENCY - leases.held()
    late = timedelta(seconds=settings.SWEEP_SECONDS)
    wanted = claiming.left(late=late, most=idle) if idle > 0 else 0
    if wanted:
        missing = wanted - (enqueue.waiting() or 0)
        enqueue.after_commit(*[enqueue.send_ticket] * missing)


def resume_storing() -> None:
    """Have stored what nobody stores, asked for once, and again a lease later: that may be lost."""
    left = GenerationRequest.objects.filter(
        status=Status.ANSWERED, lease_until__lt=Now(), due_at__lte=Now()
    )
    rows = left.select_for_update(skip_locked=True, of=("self",)).order_by("due_at")
    waiting = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    leases.offer(waiting)
    enqueue.after_commit(*(functools.partial(enqueue.finish, pk) for pk in waiting))


def reissue_renditions() -> None:
    late = Image.objects.filter(
        status=ImageStatus.STORED,
        renditions_at__isnull=True,
        rendition_tries__lt=images.MOST_TRIES,
        stored_at__lt=Now() - RENDITIONS_LATE,
    )
    waiting = late.order_by("stored_at").values_list("pk", flat=True)[:AT_ONCE]
    asked = _not_asked_lately(list(waiting))
    enqueue.after_commit(*(functools.partial(enqueue.renditions, pk) for pk in asked))


def _not_asked_lately(found: Collection[UUID]) -> list[UUID]:
    """Asked for at every sweep, what is only late would be late for its own messages; what a store
    that is away keeps waiting is asked for ever less often."""
    now = time.monotonic()
    for image in _asked_again.keys() - set(found):
        del _asked_again[image]
    due = [image for image in found if now >= _asked_again.get(image, NEVER).until][:50]
    for image in due:
        times = _asked_again.get(image, NEVER).times
        pause = max(backoff.step(times), RENDITIONS_LATE)
        _asked_again[image] = _Asked(times + 1, now + pause.total_seconds())
    return due


def settle_unconfirmed() -> None:
    """Ask the provider's own records what became of each unclear attempt.

    No step of `sweep`: a log that does not answer must not keep a dead worker from being noticed.
    """
    due = [(one, one.attempts.order_by("-number")[0]) for one in _due_for_a_look()]
    if not due:
        return
    at = records.database_time()
    told = records.look_up_all((attempt for _, attempt in due), at=at)
    for request, attempt in due:
        entry = told.get(attempt.pk)
        if isinstance(entry, ProviderError):
            log.warning("log_unreadable", request=str(request.pk), why=entry.message)
            _give_up_late(request, attempt)
        else:
            decide(request, attempt, entry, at=at)


def decide(
    request: GenerationRequest, attempt: Attempt, entry: LogEntry | None, *, at: datetime
) -> None:
    """What the provider's records as of `at` say about an unclear attempt, carried out."""
    if entry is None:
        if _absence_proves(request, attempt, at):
            _run_again(request, attempt, note=backoff.ABSENT)
        else:
            _remember_absence(attempt)
    elif entry.succeeded or entry.cost_nano_usd > 0:
        _charged_without_picture(request, attempt, entry)
    else:
        _run_again(request, attempt, note=backoff.FREE)


def _due_for_a_look() -> list[GenerationRequest]:
    """Take the unclear requests whose next look is due, and say when the one after that is."""
    with transaction.atomic():
        due = list(
            GenerationRequest.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("hold")
            .filter(status=Status.UNCONFIRMED, due_at__lte=Now())
            .order_by("due_at")[:LOOKS_AT_ONCE]
        )
        for request in due:
            request.tries += 1
            GenerationRequest.objects.filter(pk=request.pk).update(
                tries=backoff.one_more(), due_at=Now() + backoff.step(request.tries)
            )
    return due


def _absence_proves(request: GenerationRequest, attempt: Attempt, at: datetime) -> bool:
    """Entries land late, so only a second look proves that the call never ran.

    Until its deadline the call itself may still be at work.
    """
    return request.error_code == ABSENT and records.proves_absence(attempt, at=at)


def _remember_absence(attempt: Attempt) -> None:
    GenerationRequest.objects.filter(
        pk=attempt.request_id, status=Status.UNCONFIRMED, fence=attempt.fence
    ).update(error_code=ABSENT)


def _run_again(request: GenerationRequest, attempt: Attempt, *, note: str) -> None:
    if backoff.is_spent(request):
        settling.fail(request=request, attempt=attempt, code="not_run")
        return
    with transaction.atomic():
        moved = states.move(
            request.pk,
            leave=[Status.UNCONFIRMED],
            to=Status.QUEUED,
            fence=attempt.fence,
            error_code="",
            due_at=states.NOW,
            tries=0,
            started_at=None,
        )
        if moved:
            Attempt.objects.filter(pk=attempt.pk).update(
                state=AttemptState.NOT_RUN, error_message=note
            )
            enqueue.after_commit(enqueue.send_ticket)


def _charged_without_picture(request: GenerationRequest, attempt: Attempt, entry: LogEntry) -> None:
    cost = records.cost_of(entry)
    with transaction.atomic():
        if settling.fail(request=request, attempt=attempt, code="lost", costs=[cost]):
            Attempt.objects.filter(pk=attempt.pk).update(
                state=AttemptState.LOST, inference_id=entry.inference_id
            )


def _give_up_late(request: GenerationRequest, attempt: Attempt) -> None:
    if records.was_sent_before(attempt, records.patience(attempt)):
        code = "not_taken" if providers.is_queue(attempt.provider) else "unclear"
        settling.fail(request=request, attempt=attempt, code=code)


def _alone(step: Callable[[], None]) -> None:
    """Run a step unless another worker is at it. The lock ends with its transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [f"sweep:{step.__name__}"])
        row = cursor.fetchone()
        if row and row[0]:
            step()
