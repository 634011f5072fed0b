"""The one transaction that ends an answered request: images complete, hold captured or released."""

import functools
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from accounts.services import ledger
from generations import catalog, enqueue, pricing
from generations.models import (
    Attempt,
    CostSource,
    GenerationRequest,
    Image,
    ImageStatus,
    Status,
)
from generations.providers.base import Answer, Cost, RawAnswer
from generations.services import charges, price_book, states

ARRIVED = frozenset({ImageStatus.STORED, ImageStatus.PURGED})


def raw_answer(attempt: Attempt) -> RawAnswer:
    """The provider's answer as it was committed."""
    return RawAnswer(
        status_code=attempt.http_status or 0,
        headers=attempt.raw_headers,
        body=attempt.raw_body,
        duration=attempt.seconds or 0.0,
    )


def settle(
    *, request: GenerationRequest, attempt: Attempt, answer: Answer, images: Sequence[Image]
) -> None:
    """Charge what arrived at what it cost, once; what the team does not get, the house pays.

    What somebody deleted before the others were there had arrived.
    """
    stored = [image for image in images if image.status in ARRIVED]
    found = costs(attempt, answer)
    with transaction.atomic():
        if stored:
            cost = found[0].nano_usd
            share = price_book.share(request, cost, came=len(images), kept=len(stored))
            _succeed(request, attempt, costs=found, stored=stored, share=share)
        else:
            blocked = any(image.status == ImageStatus.BLOCKED for image in images)
            code = "blocked" if blocked else "lost"
            fail(request=request, attempt=attempt, code=code, costs=found)


def fail(
    *,
    request: GenerationRequest,
    attempt: Attempt,
    code: str,
    costs: Sequence[Cost] = (),
    detail: str = "",
) -> bool:
    """Fail what the provider may have charged: release the hold, book the cost to the house.

    Of several figures the first is the one that counts.
    """
    with transaction.atomic():
        moved = states.move(
            request.pk,
            leave=[Status.ANSWERED, Status.SUBMITTED, Status.UNCONFIRMED],
            to=Status.FAILED,
            fence=attempt.fence,
            error_code=code,
            error_detail=detail[:500],
            lease_until=None,
        )
        if moved:
            ledger.release(hold=request.hold_id)
            if costs:
                house_pays(attempt, *costs, reason=code)
    return moved


def house_pays(attempt: Attempt, *costs: Cost, reason: str) -> None:
    """Keep what the provider charged for an attempt that no team pays, and book it to the house.

    Of several figures the first is the one that counts.
    """
    charges.count(attempt, *costs)
    _house_pays_rest(attempt, costs[0], reason=reason, covered=0)


def _house_pays_rest(attempt: Attempt, cost: Cost, *, reason: str, covered: int) -> None:
    """`covered` is without what a team pays on top, which is no cost of the house."""
    rest = price_book.terms_of(attempt.request).at_cost(cost.nano_usd) - covered
    if rest > 0:
        house_pays_more(attempt, rest, reason=reason, reference=str(attempt.pk))


def house_pays_more(attempt: Attempt, amount: int, *, reason: str, reference: str) -> None:
    """Book to the house what nobody paid of an attempt yet, once per reference."""
    ledger.house(hold=attempt.request.hold_id, amount=amount, reason=reason, reference=reference)


def costs(attempt: Attempt, answer: Answer) -> list[Cost]:
    """The provider's stated cost, if there is one, then ours computed for the images that came.

    Raises UnknownModel where there is neither. Of what a request's former provider made nothing is
    computed: its parameters went when the request moved on.
    """
    cost = stated_cost(attempt, answer.cost, answer.units)
    stated = [cost] if cost else []
    if attempt.is_of_another_provider:
        return stated
    try:
        return [*stated, _computed(attempt.request, answer)]
    except catalog.UnknownModel:
        if not stated:
            raise
        return stated


def stated_cost(attempt: Attempt, cost: Cost | None, units: Decimal | None) -> Cost | None:
    """What the provider says it took: the money, or what it counted at the request's price."""
    if cost is not None or units is None:
        return cost
    agreed = None if attempt.is_of_another_provider else price_book.terms_of(attempt.request).price
    price = agreed or catalog.get_model(attempt.model).price
    return Cost(
        pricing.units_cost(price, units),
        native_amount=int(units * 1000),
        native_unit=f"milli{price.unit}s",
        source=CostSource.HEADER,
    )


def _succeed(
    request: GenerationRequest,
    attempt: Attempt,
    *,
    costs: Sequence[Cost],
    stored: list[Image],
    share: price_book.Share,
) -> None:
    moved = states.move(
        request.pk,
        leave=[Status.ANSWERED],
        to=Status.SUCCEEDED,
        fence=attempt.fence,
        error_code="",
        error_detail="",
        lease_until=None,
        arrived=len(stored),
    )
    if not moved:
        return
    # Not before: what was learned since from the bill, another worker's figures would overwrite.
    charges.count(attempt, *costs)
    captured = min(share.paid, ledger.held(hold=request.hold_id))
    if captured:
        ledger.capture(hold=request.hold_id, amount=captured)
    else:
        ledger.release(hold=request.hold_id)
    above = share.paid - captured
    if above:
        ledger.overrun(hold=request.hold_id, amount=above, reason="above the hold")
    whole = len(stored) >= request.num_images
    reason = "the team pays less than the provider takes" if whole else "not delivered"
    _house_pays_rest(attempt, costs[0], reason=reason, covered=share.covered)
    enqueue.after_commit(*(functools.partial(enqueue.renditions, image.pk) for image in stored))


def _computed(request: GenerationRequest, answer: Answer) -> Cost:
    computed = price_book.computed(request, images=len(answer.outputs))
    return Cost(computed, native_amount=0, native_unit="", source=CostSource.COMPUTED)
