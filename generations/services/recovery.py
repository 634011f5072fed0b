"""Looking for stuck rows and ending them. Needs no message to have survived.

Runs every few seconds in every worker; each step is bounded and harmless when two run at once.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from generations import enqueue
from generations.models import (
    Attempt,
    AttemptState,
    CostSource,
    GenerationRequest,
    Image,
    ImageStatus,
    Status,
)
from generations.providers.base import Cost, LogEntry
from generations.providers.errors import ProviderError
from generations.services import backoff, providers, settling, states

AT_ONCE = 500
LOOKS_AT_ONCE = 20
RENDITIONS_LATE = timedelta(seconds=15)
# After this long without evidence either way the team gets its credits back and a person looks.
GIVE_UP_AFTER = timedelta(hours=24)
LOOKS_BEFORE_ABSENT = 2

log = structlog.get_logger(__name__)


def sweep() -> None:
    """One round: expire leases, send tickets again, settle the unclear, resume storing."""
    for step in (expire_leases, reissue_tickets, resume_storing, reissue_renditions):
        _alone(step)
    settle_unconfirmed()


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
                due_at=Now(),
                tries=0,
                lease_until=None,
            )
            if moved:
                request.attempts.filter(state=AttemptState.SENT).update(state=AttemptState.UNKNOWN)
                log.warning("lease_expired", request=str(request.pk), owner=request.lease_owner)


def reissue_tickets() -> None:
    """As many tickets as there are due rows and idle hands, whatever became of earlier ones."""
    due = GenerationRequest.objects.filter(
        status=Status.QUEUED, due_at__lte=Now() - timedelta(seconds=settings.SWEEP_SECONDS)
    ).count()
    busy = GenerationRequest.objects.filter(status=Status.SENDING).count()
    for _ in range(min(due, max(settings.WORKER_CONCURRENCY - busy, 0))):
        enqueue.send_ticket()


def resume_storing() -> None:
    left = GenerationRequest.objects.filter(
        status=Status.ANSWERED, lease_until__lt=Now(), due_at__lte=Now()
    )
    for pk in left.order_by("due_at").values_list("pk", flat=True)[:AT_ONCE]:
        enqueue.finish(pk)


def reissue_renditions() -> None:
    late = Image.objects.filter(
        status=ImageStatus.STORED,
        renditions_at__isnull=True,
        stored_at__lt=Now() - RENDITIONS_LATE,
    )
    for pk in late.order_by("stored_at").values_list("pk", flat=True)[:50]:
        enqueue.renditions(pk)


def settle_unconfirmed() -> None:
    """Ask the provider's own records what became of each unclear attempt."""
    for request in _due_for_a_look():
        attempt = request.attempts.order_by("-number")[0]
        try:
            entry = providers.client(request.provider).find_in_log(
                client_request_id=attempt.client_request_id,
                since=attempt.sent_at - timedelta(minutes=1),
                until=timezone.now() + timedelta(minutes=1),
            )
        except ProviderError as error:
            log.warning("log_unreadable", request=str(request.pk), why=error.message)
            _give_up_late(request, attempt)
        else:
            decide(request, attempt, entry)


def decide(request: GenerationRequest, attempt: Attempt, entry: LogEntry | None) -> None:
    """What the provider's records say about an unclear attempt, carried out."""
    if entry is None:
        if _absence_proves(request, attempt):
            _run_again(request, attempt, note="not in the provider's log")
        return
    cost = Cost(entry.cost_nano_usd, 0, "", CostSource.LOG)
    if entry.succeeded or entry.cost_nano_usd > 0:
        _charged_without_picture(request, attempt, entry, cost)
    else:
        _run_again(request, attempt, note="failed at no cost")


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
                tries=F("tries") + 1, due_at=Now() + backoff.step(request.tries)
            )
    return due


def _absence_proves(request: GenerationRequest, attempt: Attempt) -> bool:
    """Entries land late, so only a second look after the lag proves that the call never ran."""
    waited = timezone.now() - attempt.sent_at
    return (
        request.tries >= LOOKS_BEFORE_ABSENT and waited.total_seconds() >= settings.PROVIDER_LOG_LAG
    )


def _run_again(request: GenerationRequest, attempt: Attempt, *, note: str) -> None:
    if backoff.is_exhausted(request) or attempt.number >= backoff.MOST_ATTEMPTS:
        settling.fail(request=request, code="not_run", cost=None, fence=attempt.fence)
        return
    with transaction.atomic():
        moved = states.move(
            request.pk,
            leave=[Status.UNCONFIRMED],
            to=Status.QUEUED,
            fence=attempt.fence,
            error_code="",
            due_at=Now(),
            tries=0,
        )
        if moved:
            Attempt.objects.filter(pk=attempt.pk).update(
                state=AttemptState.NOT_RUN, error_message=note
            )
            enqueue.ticket_after_commit()


def _charged_without_picture(
    request: GenerationRequest, attempt: Attempt, entry: LogEntry, cost: Cost
) -> None:
    with transaction.atomic():
        if settling.fail(request=request, code="lost", cost=cost, fence=attempt.fence):
            Attempt.objects.filter(pk=attempt.pk).update(
                state=AttemptState.LOST,
                inference_id=entry.inference_id,
                cost_nano_usd=cost.nano_usd,
                cost_source=cost.source,
            )


def _give_up_late(request: GenerationRequest, attempt: Attempt) -> None:
    if timezone.now() - attempt.sent_at > GIVE_UP_AFTER:
        with transaction.atomic():
            settling.fail(request=request, code="unclear", cost=None, fence=attempt.fence)


def _alone(step: Callable[[], None]) -> None:
    """Run a step unless another worker is at it. The lock ends with its transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [f"sweep:{step.__name__}"])
        row = cursor.fetchone()
        if row and row[0]:
            step()
