"""What the composer and the Create page show."""

import uuid
from typing import Any

from django.conf import settings

from accounts.access import TeamRequest
from accounts.permissions import Permission, permissions_of
from accounts.services import budgets, ledger
from generations import batches, catalog, pricing
from generations.forms import ComposerForm
from generations.models import GenerationRequest, Image

BATCHES_SHOWN = 12
REFERENCES = ("image_url", "image_urls")
EXAMPLES = (
    "Dawn over a copper meadow, low sun through mist, 85mm, shallow depth of field",
    "A quiet harbour at blue hour, long exposure, wet stones, one lit window",
    "Studio portrait of a heron made of folded paper, soft rim light",
)


def fresh(request: TeamRequest) -> ComposerForm:
    """A composer filled with the recipe that was asked for, else with what was chosen last time."""
    recipe = _recipe(request)
    last = recipe or GenerationRequest.objects.visible_to(request.user).order_by("-id").first()
    if last is None:
        initial = {"team": request.team.slug, "prompt": request.GET.get("prompt", "")}
        return ComposerForm(model=next(iter(catalog.MODELS.values())), initial=initial)
    kept = dict(last.params) if recipe else _without_seed(last.params)
    initial = {**kept, "team": request.team.slug, "visibility": last.visibility}
    initial["prompt"] = recipe.prompt if recipe else request.GET.get("prompt", "")
    return ComposerForm(model=catalog.get_model(last.model), initial=initial)


def bound(request: TeamRequest) -> ComposerForm:
    try:
        model = catalog.get_model(request.POST.get("model", ""))
    except catalog.UnknownModel as error:
        form = ComposerForm(request.POST, request.FILES, model=next(iter(catalog.MODELS.values())))
        form.add_error(None, str(error))
        return form
    return ComposerForm(request.POST, request.FILES, model=model)


def price_context(request: TeamRequest, form: ComposerForm) -> dict[str, Any]:
    """The exact hold of what is chosen now, and what is missing for it."""
    needed = pricing.hold_amount(
        form.model, form.draft_params, credits_per_usd=settings.CREDITS_PER_USD
    )
    available = ledger.balance(team=request.team).available
    shortage = {"needed": needed, "available": available, "missing": needed - available}
    limits = budgets.applying(team=request.team, spender=request.user, model=form.model.id)
    room = budgets.fullest(limits)
    return {
        "form": form,
        "price": needed,
        "shortage": shortage if needed > available else None,
        "room": room,
        "over_limit": room is not None and room.left < needed,
    }


def page_context(request: TeamRequest, form: ComposerForm) -> dict[str, Any]:
    recent = GenerationRequest.objects.visible_to(request.user).filter(team=request.team)
    return {
        **price_context(request, form),
        "model": form.model,
        "models": [model_row(model) for model in catalog.MODELS.values() if model.callable],
        "batches": batches.present(recent.with_tiles().order_by("-id")[:BATCHES_SHOWN]),
        "examples": EXAMPLES,
        "usual_seconds": form.model.typical_seconds,
        "may_generate": Permission.GENERATE in permissions_of(request.membership),
    }


def submitted_context(
    request: TeamRequest, form: ComposerForm, made: GenerationRequest
) -> dict[str, Any]:
    """The new batch, and what of the page around it has to follow."""
    return {
        **price_context(request, form),
        "batch": batches.present([made])[0],
        "fresh_key": uuid.uuid4(),
    }


def model_row(model: catalog.Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "purpose": model.purpose,
        "featured": model.featured,
        "typical_seconds": model.typical_seconds,
        "price_label": pricing.price_label(model, credits_per_usd=settings.CREDITS_PER_USD),
    }


def _recipe(request: TeamRequest) -> GenerationRequest | None:
    """The request behind `?reuse=<image id>` or `?edit=<request id>`, if this person may see it."""
    try:
        if "reuse" in request.GET:
            shown = Image.objects.visible_to(request.user).select_related("request")
            return shown.get(pk=uuid.UUID(request.GET["reuse"])).request
        if "edit" in request.GET:
            mine = GenerationRequest.objects.visible_to(request.user)
            return mine.get(pk=uuid.UUID(request.GET["edit"]))
    except (ValueError, Image.DoesNotExist, GenerationRequest.DoesNotExist):
        return None
    return None


def _without_seed(params: dict[str, Any]) -> dict[str, Any]:
    """Settings are remembered between visits; one picture's seed is not a setting."""
    return {name: value for name, value in params.items() if name not in {"seed", *REFERENCES}}
