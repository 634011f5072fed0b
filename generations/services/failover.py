"""Handing a request that its provider does not take to another one that offers the same model.

Only what is QUEUED moves, so that nobody can have accepted it, and only within its hold.
"""

from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from psycopg.types.json import Json as AsJson

from generations import catalog, enqueue
from generations.catalog import Model
from generations.errors import Unpriceable
from generations.models import Attempt, Circuit, GenerationRequest, Status
from generations.parameters import Json
from generations.services import price_book, providers, states
from generations.translation import translate

AT_ONCE = 100
# So often a provider has to refuse a request before another one is asked.
REFUSALS = 3

log = structlog.get_logger(__name__)


def move_over() -> None:
    """Hand over what waits for a provider that takes nothing now, or refused it again and again."""
    with transaction.atomic():
        stuck = _stuck().select_for_update(skip_locked=True, of=("self",))
        for request in stuck.select_related("team", "hold").order_by("due_at")[:AT_ONCE]:
            if not _move(request, leave=Status.QUEUED, fence=request.fence):
                # It may stand before others that can move: it is not looked at again.
                GenerationRequest.objects.filter(pk=request.pk).update(alternative="")


def hand_over(attempt: Attempt) -> bool:
    """Have the other provider make what was refused just now; say whether it does.

    Call it in one transaction with what belongs to the refusal.
    """
    request = attempt.request
    if not request.alternative or not request.team.allow_failover:
        return False
    if request.alternative not in _open_models(_circuits()):
        return False
    return _move(request, leave=Status.SENDING, fence=attempt.fence)


def _move(request: GenerationRequest, *, leave: Status, fence: int) -> bool:
    changes = _changes(request)
    if changes is None:
        return False
    moved = states.move(request.pk, leave=[leave], to=Status.QUEUED, fence=fence, **changes)
    if moved:
        log.warning("moved_over", request=str(request.pk), to=changes["model"])
        enqueue.after_commit(enqueue.send_ticket)
    return moved


def _changes(request: GenerationRequest) -> dict[str, Any] | None:
    """What makes it the other provider's; None where that does not do it, or not within its hold.

    The clock and the tries begin anew.
    """
    other = catalog.get_model(request.alternative)
    model = catalog.elsewhere(other)
    if model is None or model.id != request.model:
        return None  # The catalog changed while it waited.
    params = translate(request.params, model=model, to=other)
    quote = _quote(request, other, params) if params is not None else None
    if quote is None or quote.amount > request.hold.amount:
        return None
    return {
        "provider": other.provider,
        "model": other.id,
        "params": AsJson(params),
        "price_version_id": quote.version.pk,
        "markup_id": quote.markup.pk if quote.markup else None,
        "credits_per_usd": quote.credits_per_usd,
        "alternative": "",
        "moved_from": model.id,
        "would_have_cost": price_book.terms_of(request).most(model, request.params),
        "tries": 0,
        "started_at": None,
        "due_at": states.NOW,
        "error_code": "",
        "lease_until": None,
    }


def _quote(
    request: GenerationRequest, model: Model, params: dict[str, Json]
) -> price_book.Quote | None:
    try:
        return price_book.quote(team=request.team, model=model, params=params)
    except Unpriceable:
        return None


def _stuck() -> QuerySet[GenerationRequest]:
    circuits = _circuits()
    refused = Q(tries__gte=REFUSALS)
    for provider, model in circuits:
        refused |= Q(provider=provider, model=model) if model else Q(provider=provider)
    # Said for the index of those that may move: nearly nothing is read where none does.
    movable = GenerationRequest.objects.exclude(alternative="")
    return movable.filter(
        refused,
        status=Status.QUEUED,
        alternative__in=_open_models(circuits),
        team__allow_failover=True,
    )


def _circuits() -> set[tuple[str, str]]:
    return set(Circuit.objects.values_list("provider", "model"))


def _open_models(circuits: set[tuple[str, str]]) -> list[str]:
    """The models to which requests may move now: none while nothing at all is sent."""

    def takes_requests(model: Model) -> bool:
        shut = {("", ""), (model.provider, ""), (model.provider, model.id)}
        return not shut & circuits

    models = [one for one in providers.callable_models() if catalog.elsewhere(one)]
    return [model.id for model in models if takes_requests(model)]
