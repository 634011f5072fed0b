"""What the provider's own log says about an attempt, and since when it could have said it."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from generations.models import Attempt, CostSource
from generations.providers.base import Cost, LogEntry
from generations.services import providers

MARGIN = timedelta(minutes=1)


def look_up(attempt: Attempt) -> LogEntry | None:
    """The log's entry of an attempt, which then knows its name there; None if there is none yet.

    Raises ProviderError.
    """
    entry = providers.client(attempt.request.provider).find_in_log(
        client_request_id=attempt.client_request_id,
        since=attempt.sent_at - MARGIN,
        until=timezone.now() + MARGIN,
    )
    if entry and not attempt.inference_id:
        attempt.inference_id = entry.inference_id
    return entry


def cost_of(entry: LogEntry) -> Cost:
    return Cost(entry.cost_nano_usd, 0, "", CostSource.LOG)


def was_sent_before(attempt: Attempt, age: timedelta) -> bool:
    """Whether that long has gone by since the attempt, by the database's clock."""
    return Attempt.objects.filter(pk=attempt.pk, sent_at__lt=Now() - age).exists()
