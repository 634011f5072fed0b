"""Comparison runs: one prompt and one seed over several models, and which picture was the best."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce, Now

from accounts.errors import NotAllowed
from accounts.models import Team, User
from accounts.permissions import Permission, has_permission
from generations import catalog, lineup
from generations.catalog import Model
from generations.errors import IdempotencyKeyReused, InvalidRequest, NotNow
from generations.models import (
    Comparison,
    ComparisonCell,
    GenerationRequest,
    Image,
    Status,
    Visibility,
)
from generations.parameters import PRESETS
from generations.services import favourites, requests, together
from generations.services.together import Part

FEWEST = 2
MOST = 6
CAME_TO_NOTHING = frozenset({Status.FAILED, Status.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asks for. Without a seed one is drawn, the same for all models."""

    prompt: str
    models: Sequence[str]
    shape: str
    seed: int | None = None
    visibility: Visibility = Visibility.TEAM


def start(
    *, by: User, team: Team, wanted: Wanted, idempotency_key: UUID, agreed: int
) -> Comparison:
    """Ask every model, each by a request with its own hold: all of them, or none.

    The same key with the same content returns the same run. Raises as `together.submit` does.
    """
    models = chosen(wanted.models)
    if wanted.shape not in PRESETS:
        raise InvalidRequest({"shape": "Choose one of the shapes."})
    _, prompt, _ = requests.check(models[0].id, wanted.prompt, {})
    run = Comparison(
        team=team,
        user=by,
        idempotency_key=idempotency_key,
        fingerprint=_fingerprint(team, wanted),
        prompt=prompt,
        seed=_seed(models, wanted.seed, idempotency_key),
        visibility=wanted.visibility,
    )
    try:
        with transaction.atomic():
            run.save(force_insert=True)
            _ask(run, models, wanted.shape, agreed=agreed)
    except IntegrityError:
        # The same key was sent meanwhile: that run stands.
        same = _same(run)
        if same is None:
            raise
        return same
    return run


def retry(*, by: User, cell: ComparisonCell, agreed: int) -> GenerationRequest:
    """Ask once more for what came to nothing, in its place; the earlier request stays beneath it.

    Asked for twice, by whomever, it is made once. Raises Dearer above the microcredits that were
    `agreed` to, NotNow where nothing failed, and what `requests.submit` does.
    """
    run = cell.comparison
    if not has_permission(by, Permission.GENERATE, run.team):
        raise NotAllowed
    with transaction.atomic():
        # One after the other, and before anything that a hold locks.
        Comparison.objects.select_for_update(no_key=True).get(pk=run.pk)
        here = run.cells.filter(position=cell.position)
        current = here.select_related("request__team").get(replaced_at=None)
        if current.pk != cell.pk:
            return current.request
        if current.request.status not in CAME_TO_NOTHING:
            raise NotNow
        key = uuid5(current.request_id, "again")
        made = requests.again(by=by, request=current.request, agreed=agreed, idempotency_key=key)
        here.update(replaced_at=Coalesce("replaced_at", Now()))
        ComparisonCell.objects.create(comparison=run, request=made, position=cell.position)
    return made


def pick(*, by: User, comparison: Comparison, image: Image) -> None:
    """Say that this picture is the best of them; another may be picked later. Raises NotAllowed."""
    if not has_permission(by, Permission.ORGANISE, comparison.team):
        raise NotAllowed
    with transaction.atomic():
        Comparison.objects.filter(pk=comparison.pk).update(
            winner=image, chosen_by=by, chosen_at=Now()
        )
        favourites.mark(by=by, images=[image.pk], on=True)


def chosen(names: Sequence[str]) -> list[Model]:
    """The models of these names, each once. Raises InvalidRequest."""
    try:
        models = [catalog.get_model(name) for name in dict.fromkeys(names)]
    except catalog.UnknownModel as error:
        raise InvalidRequest({"models": str(error)}) from error
    if not FEWEST <= len(models) <= MOST:
        raise InvalidRequest({"models": f"Choose {FEWEST} to {MOST} models."})
    for model in models:
        if not lineup.can_compare(model):
            raise InvalidRequest({"models": f"{model.name} works from a picture, not a prompt."})
    return models


def _ask(run: Comparison, models: Sequence[Model], shape: str, *, agreed: int) -> None:
    made = together.submit(
        by=run.user,
        team=run.team,
        prompt=run.prompt,
        parts=[_part(run, model, shape) for model in models],
        agreed=agreed,
        visibility=Visibility(run.visibility),
    )
    ComparisonCell.objects.bulk_create(
        ComparisonCell(comparison=run, request=request, position=position)
        for position, request in enumerate(made)
    )


def _part(run: Comparison, model: Model, shape: str) -> Part:
    params = lineup.asked(model, shape=shape, seed=run.seed)
    return Part(model, params, uuid5(run.pk, model.id))


def _seed(models: Sequence[Model], wanted: int | None, key: UUID) -> int | None:
    if not any(map(lineup.takes_seed, models)):
        return None
    return wanted or together.seed(key)


def _same(run: Comparison) -> Comparison | None:
    found = Comparison.objects.filter(user=run.user, idempotency_key=run.idempotency_key).first()
    if found and found.fingerprint != run.fingerprint:
        raise IdempotencyKeyReused
    return found


def _fingerprint(team: Team, wanted: Wanted) -> str:
    content = [
        str(team.pk),
        wanted.prompt,
        sorted(wanted.models),
        wanted.shape,
        wanted.seed,
        wanted.visibility,
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
