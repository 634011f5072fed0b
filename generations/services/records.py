"""What the provider's own log says about an attempt, and since when it could have said it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from config.sql import run_prepared
from generations.models import Attempt, AttemptState, CostSource
from generations.providers.base import Cost, LogEntry
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import backoff, providers

MARGIN = timedelta(minutes=1)
TOGETHER = timedelta(minutes=5)
LOST_SUBMIT = timedelta(hours=2)

Told = LogEntry | ProviderError


def look_up(attempt: Attempt) -> LogEntry | None:
    """The log's entry of an attempt, which then knows its name there; None if there is none yet.

    Raises ProviderError.
    """
    told = look_up_all([attempt], at=database_time()).get(attempt.pk)
    if isinstance(told, ProviderError):
        raise told
    return told


def look_up_all(attempts: Iterable[Attempt], *, at: datetime) -> dict[UUID, Told]:
    """The same of many, without those that have none, and with errors instead of raising them.

    The log is read as far as the time `at`, once for all that were sent at about the same time.
    """
    told: dict[UUID, Told] = {}
    together: dict[tuple[str, float], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if providers.is_queue(attempt.provider):
            told[attempt.pk] = _charge_or_why_not(attempt, at)
        else:
            about = attempt.sent_at.timestamp() // TOGETHER.total_seconds()
            together[attempt.provider, about].append(attempt)
    for (provider, _), some in together.items():
        told |= _read_log(provider, some, at)
    return told


def _read_log(provider: str, attempts: Sequence[Attempt], at: datetime) -> dict[UUID, Told]:
    ours = {attempt.client_request_id: attempt for attempt in attempts}
    told: dict[UUID, Told] = {}
    sent = [attempt.sent_at for attempt in attempts]
    found = providers.client(provider).find_in_log(
        client_request_ids=ours.keys(),
        since=min(sent) - MARGIN,
        # What is logged later is none of these; it would only be more than can be read.
        until=min(at, max(sent) + lateness()) + MARGIN,
    )
    try:
        for name, entry in found:
            told[ours[name].pk] = entry
            if isinstance(entry, LogEntry):
                ours[name].inference_id = ours[name].inference_id or entry.inference_id
    except ProviderError as error:
        unread = dict.fromkeys((attempt.pk for attempt in attempts), error)
        return {**unread, **told}
    return told


def proves_absence(attempt: Attempt, *, at: datetime) -> bool:
    """Whether a log that was read as far as `at` would have to name the attempt."""
    return attempt.sent_at + lateness() <= at


def database_time() -> datetime:
    """Now by the clock that says when an attempt was sent; this machine's may be another's."""
    now: datetime
    ((now,),) = run_prepared("SELECT statement_timestamp()", {})
    return now


def lateness() -> timedelta:
    """After its being sent, when a call is over and the log has had the time to say so."""
    return timedelta(seconds=settings.PROVIDER_DEADLINE + settings.PROVIDER_LOG_LAG)


def patience(attempt: Attempt) -> timedelta:
    """How long to look for an attempt. A lost submit nobody but its webhook can ever find."""
    return LOST_SUBMIT if providers.is_queue(attempt.provider) else backoff.GIVE_UP_AFTER


def _charge_or_why_not(attempt: Attempt, at: datetime) -> Told:
    try:
        return _look_up_charge(attempt, at)
    except ProviderError as error:
        return error


def _look_up_charge(attempt: Attempt, at: datetime) -> LogEntry:
    """Of an answered request, what it cost. Of an unclear one a charge says too little.

    It does not bring the picture, which a webhook still may.
    """
    since, until = attempt.sent_at - MARGIN, at + MARGIN
    found = []
    if attempt.inference_id and attempt.state == AttemptState.ANSWERED:
        charges = providers.client(attempt.provider).read_charges(since=since, until=until)
        found = [one for one in charges if one.inference_id == attempt.inference_id]
    if not found:
        raise ProviderError(
            "The provider lists no charge for it yet",
            outcome=Outcome.UNKNOWN,
            kind=ErrorKind.UNREADABLE,
        )
    return LogEntry(
        client_request_id=attempt.client_request_id,
        inference_id=attempt.inference_id,
        status="charged",
        succeeded=True,
        cost_nano_usd=sum(one.nano_usd for one in found),
        created_at=found[0].created_at,
    )


def cost_of(entry: LogEntry) -> Cost:
    return Cost(entry.cost_nano_usd, 0, "", CostSource.LOG)


def was_sent_before(attempt: Attempt, age: timedelta) -> bool:
    """Whether that long has gone by since the attempt, by the database's clock."""
    return Attempt.objects.filter(pk=attempt.pk, sent_at__lt=Now() - age).exists()
