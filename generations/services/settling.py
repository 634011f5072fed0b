"""The one transaction that ends an answered request: images complete, hold captured or released."""

from django.conf import settings
from django.db import transaction

from accounts.services import ledger
from generations import catalog, enqueue, pricing
from generations.models import (
    Attempt,
    AttemptState,
    CostSource,
    GenerationRequest,
    Image,
    ImageStatus,
    Status,
)
from generations.providers.base import Answer, Cost, RawAnswer
from generations.providers.errors import UnreadableAnswer
from generations.services import states


def raw_answer(attempt: Attempt) -> RawAnswer:
    """The provider's answer as it was committed."""
    return RawAnswer(
        status_code=attempt.http_status or 0,
        headers=attempt.raw_headers,
        body=attempt.raw_body,
        duration=attempt.seconds or 0.0,
    )


def settle(*, request: GenerationRequest, attempt: Attempt, answer: Answer) -> None:
    """Charge what arrived at what it cost, once; what the team does not get, the house pays."""
    images = list(attempt.images.all())
    stored = [image for image in images if image.status == ImageStatus.STORED]
    cost = _cost(request, answer)
    with transaction.atomic():
        _record_cost(attempt, cost, answer.inference_id)
        if stored:
            _succeed(request, cost=cost, stored=stored, of=len(images))
        else:
            blocked = any(image.status == ImageStatus.BLOCKED for image in images)
            fail(request=request, code="blocked" if blocked else "lost", cost=cost)


def fail_unreadable(
    *, request: GenerationRequest, attempt: Attempt, error: UnreadableAnswer
) -> None:
    """End a request whose answer holds no image we can read; the team does not pay for it."""
    with transaction.atomic():
        _record_cost(attempt, error.cost, "")
        fail(request=request, code="unreadable", cost=error.cost, detail=str(error))


def fail(
    *,
    request: GenerationRequest,
    code: str,
    cost: Cost | None,
    detail: str = "",
    fence: int | None = None,
) -> bool:
    """Fail what the provider may have charged: release the hold, book the cost to the house."""
    moved = states.move(
        request.pk,
        leave=[Status.ANSWERED, Status.UNCONFIRMED],
        to=Status.FAILED,
        fence=fence,
        error_code=code,
        error_detail=detail[:500],
        lease_until=None,
    )
    if moved:
        ledger.release(hold=request.hold_id)
        _house_pays(request, microcredits(cost.nano_usd) if cost else 0, reason=code)
    return moved


def microcredits(nano_usd: int) -> int:
    return pricing.to_microcredits(nano_usd, credits_per_usd=settings.CREDITS_PER_USD)


def _succeed(request: GenerationRequest, *, cost: Cost, stored: list[Image], of: int) -> None:
    total = microcredits(cost.nano_usd)
    share = total * len(stored) // of
    captured = min(share, request.hold.amount)
    if not states.move(
        request.pk,
        leave=[Status.ANSWERED],
        to=Status.SUCCEEDED,
        error_code="",
        error_detail="",
        lease_until=None,
    ):
        return
    if captured:
        ledger.capture(hold=request.hold_id, amount=captured)
    else:
        ledger.release(hold=request.hold_id)
    _house_pays(request, total - captured, reason="above the hold, or not delivered")
    for image in stored:
        enqueue.renditions_after_commit(image.pk)


def _house_pays(request: GenerationRequest, amount: int, *, reason: str) -> None:
    if amount > 0:
        ledger.overrun(hold=request.hold_id, amount=amount, reason=reason)


def _cost(request: GenerationRequest, answer: Answer) -> Cost:
    """The provider's stated cost, or ours computed for the images that came."""
    if answer.cost is not None:
        return answer.cost
    model = catalog.get_model(request.model)
    whole = pricing.provider_cost(model, request.params)
    came = min(len(answer.outputs), request.num_images)
    return Cost(
        nano_usd=whole * came // request.num_images,
        native_amount=0,
        native_unit="",
        source=CostSource.COMPUTED,
    )


def _record_cost(attempt: Attempt, cost: Cost | None, inference_id: str) -> None:
    if cost is None:
        return
    Attempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.ANSWERED,
        cost_nano_usd=cost.nano_usd,
        cost_native=cost.native_amount or None,
        cost_unit=cost.native_unit,
        cost_source=cost.source,
        inference_id=inference_id or attempt.inference_id,
    )
