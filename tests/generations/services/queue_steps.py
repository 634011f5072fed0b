"""What happens to a request in a provider's queue, one step at a time."""

import time
from datetime import timedelta

from django.db.models.functions import Now

from generations.models import GenerationRequest, Status, WebhookInbox
from generations.services import queueing, results, storing, webhooks
from tests.generations.services import steps

REALISM = "fal-ai/flux-realism"
PRICE = 3_500_000  # microcredits for one image of up to a megapixel
PATIENCE = 10.0


def ask(prompt: str = "A lighthouse at dusk", /, **params: object) -> GenerationRequest:
    return steps.ask(model=REALISM, prompt=prompt, **params)


def submitted(**params: object) -> GenerationRequest:
    """A request that the provider took into its queue."""
    request = steps.run(ask(**params))
    assert request.status == Status.SUBMITTED
    return request


def look(request: GenerationRequest) -> GenerationRequest:
    queueing.follow(request.pk)
    return steps.now(request)


def look_until_over(request: GenerationRequest) -> GenerationRequest:
    """Look again and again until it has left the queue."""
    give_up_at = time.monotonic() + PATIENCE
    while look(request).status == Status.SUBMITTED:
        assert time.monotonic() < give_up_at, "it never left the queue"
        time.sleep(0.05)
    return steps.now(request)


def look_until_gone(request: GenerationRequest) -> GenerationRequest:
    """Look until it has failed, later than any result may still be on its way."""
    steps.age(request, results.KEPT_FOR)
    return look_until_over(request)


def store(request: GenerationRequest) -> GenerationRequest:
    """A worker takes up what was answered and handed over."""
    GenerationRequest.objects.filter(pk=request.pk).update(
        lease_until=Now() - timedelta(seconds=1), due_at=Now()
    )
    storing.resume(request.pk)
    return steps.now(request)


def told(*, at_least: int = 1) -> list[WebhookInbox]:
    """What lies in the inbox, once so much has come."""
    give_up_at = time.monotonic() + PATIENCE
    while WebhookInbox.objects.count() < at_least:
        assert time.monotonic() < give_up_at, "no webhook came"
        time.sleep(0.05)
    return list(WebhookInbox.objects.order_by("id"))


def take_in() -> None:
    """Read the inbox, whatever its rows wait for."""
    WebhookInbox.objects.update(due_at=Now())
    webhooks.process_due()
