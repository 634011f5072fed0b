"""What the workers do, one step at a time and without waiting for the clock."""

from collections.abc import Mapping
from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import AccountKind, LedgerEntry
from generations.models import Attempt, GenerationRequest
from generations.services import execution, recovery, storing
from tests import factories

SMALL: Mapping[str, object] = {"image_size": {"width": 512, "height": 512}, "seed": 5}


def ask(
    *, model: str = factories.MODEL, prompt: str = "A lighthouse at dusk", **params: object
) -> GenerationRequest:
    """A queued request for a small picture."""
    return factories.request(model=model, prompt=prompt, params={**SMALL, **params})


def run(request: GenerationRequest | None = None) -> GenerationRequest:
    """One ticket, for a request that may wait for its back-off still."""
    asked = request or ask()
    make_due(asked)
    assert execution.run_next()
    return now(asked)


def look(request: GenerationRequest) -> GenerationRequest:
    """One look at the provider's log, for a request whose next look may not be due yet."""
    make_due(request)
    recovery.settle_unconfirmed()
    return now(request)


def resume(request: GenerationRequest) -> GenerationRequest:
    """Another worker takes up what was answered and not stored."""
    GenerationRequest.objects.filter(pk=request.pk).update(
        lease_until=Now() - timedelta(seconds=1), due_at=Now()
    )
    storing.resume(request.pk)
    return now(request)


def make_due(request: GenerationRequest) -> None:
    GenerationRequest.objects.filter(pk=request.pk).update(due_at=Now())


def age(request: GenerationRequest, by: timedelta) -> None:
    """Let the request's attempts have been sent that much earlier."""
    for attempt in request.attempts.all():
        Attempt.objects.filter(pk=attempt.pk).update(sent_at=attempt.sent_at - by)


def now(request: GenerationRequest) -> GenerationRequest:
    return GenerationRequest.objects.select_related("hold").get(pk=request.pk)


def attempts(request: GenerationRequest) -> list[str]:
    return [attempt.state for attempt in request.attempts.order_by("number")]


def images(request: GenerationRequest) -> list[str]:
    return [image.status for image in request.images.order_by("index")]


def house_paid(request: GenerationRequest) -> int:
    entries = LedgerEntry.objects.filter(hold=request.hold_id, debit__kind=AccountKind.OVERRUN)
    return sum(entry.amount for entry in entries)
