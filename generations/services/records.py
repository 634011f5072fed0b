"""What the provider's own log says about an attempt, and since when it could have said it."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from generations.models import Attempt, AttemptState, CostSource
from generations.providers.base import Cost, LogEntry
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import backoff, providers

MARGIN = timedelta(minutes=1)
LOST_SUBMIT = timedelta(hours=2)


def look_up(attempt: Attempt) -> LogEntry | None:
    """The log's entry of an attempt, which then knows its name there; None if there is none yet.

    Raises ProviderError.
    """
    if providers.is_queue(attempt.provider):
        return _look_up_charge(attempt)
    entry = providers.client(attempt.provider).find_in_log(
        client_request_id=attempt.client_request_id,
        since=attempt.sent_at - MARGIN,
        until=timezone.now() + MARGIN,
    )
    if entry and not attempt.inference_id:
        attempt.inference_id = entry.inference_id
    return entry


def patience(attempt: Attempt) -> timedelta:
    """How long to look for an attempt. A lost submit nobody but its webhook can ever find."""
    return LOST_SUBMIT if providers.is_queue(attempt.provider) else backoff.GIVE_UP_AFTER


def _look_up_charge(attempt: Attempt) -> LogEntry:
    """Of an answered request, what it cost. Of an unclear one a charge says too little.

    It does not bring the picture, which a webhook still may.
    """
    since, until = attempt.sent_at - MARGIN, timezone.now() + MARGIN
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
