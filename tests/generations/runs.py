"""Comparison runs to test with, started as a person starts them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from accounts.models import Team, User
from generations.models import Comparison, GenerationRequest, Image
from generations.services import comparisons
from generations.services.comparisons import Wanted
from tests import factories

SCHNELL, DEV, ULTRA = "flux/schnell", "flux/dev", "flux-pro/v1.1-ultra"
ALL = (SCHNELL, DEV, ULTRA)
WHATEVER = 10**15  # microcredits that nothing costs


def wanted(models: Sequence[str] = ALL, **changes: Any) -> Wanted:
    return Wanted(
        **{"prompt": "A heron", "models": models, "shape": "portrait_16_9", "seed": 7, **changes}
    )


def start(
    by: User, team: Team, *models: str, key: UUID | None = None, **changes: Any
) -> Comparison:
    return ask(by, team, wanted(models or ALL, **changes), key=key)


def ask(by: User, team: Team, content: Wanted, *, key: UUID | None = None) -> Comparison:
    """At whatever price."""
    return comparisons.start(
        by=by, team=team, wanted=content, idempotency_key=key or uuid4(), agreed=WHATEVER
    )


def requests_of(run: Comparison) -> list[GenerationRequest]:
    current = run.cells.filter(replaced_at=None)
    return [cell.request for cell in current.select_related("request")]


def finish(run: Comparison) -> list[Image]:
    """The run's images, each of one size."""
    return [factories.succeeded(one).images.get() for one in requests_of(run)]
