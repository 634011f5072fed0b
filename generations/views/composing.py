"""What the composer and the Create page show."""

import uuid
from typing import Any

from accounts.access import TeamRequest
from accounts.money import say_credits
from accounts.permissions import Permission, permissions_of
from accounts.services import role_limits
from generations import batches, catalog
from generations.errors import Unpriceable
from generations.forms import ComposerForm
from generations.models import GenerationRequest, Image
from generations.services import previews
from generations.services.price_book import PriceList, Quote

BATCHES_SHOWN = 12
FIRST = next(iter(catalog.MODELS.values()))
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
    limit = role_limits.of_member(request.membership)
    if last is None:
        initial = {"team": request.team.slug, "prompt": request.GET.get("prompt", "")}
        return ComposerForm(model=FIRST, limit=limit, initial=initial)
    kept = dict(last.params) if recipe else _without_seed(last.params)
    initial = {**kept, "team": request.team.slug, "visibility": last.visibility}
    initial["prompt"] = recipe.prompt if recipe else request.GET.get("prompt", "")
    return ComposerForm(model=catalog.get_model(last.model), limit=limit, initial=initial)


def bound(request: TeamRequest) -> ComposerForm:
    limit = role_limits.of_member(request.membership)
    try:
        model = catalog.get_model(request.POST.get("model", ""))
    except catalog.UnknownModel as error:
        form = ComposerForm(request.POST, request.FILES, model=FIRST, limit=limit)
        form.add_error(None, str(error))
        return form
    return ComposerForm(request.POST, request.FILES, model=model, limit=limit)


def price_context(
    request: TeamRequest, form: ComposerForm, *, prices: PriceList | None = None
) -> dict[str, Any]:
    """The exact hold of what is chosen now, the room there is, and what is missing for it."""
    try:
        found = previews.preview(
            by=request.user,
            team=request.team,
            model=form.model,
            params=form.draft_params,
            prices=prices,
        )
    except Unpriceable as error:
        return {"form": form, "price": None, "unpriced": str(error)}
    return {"form": form, "price": found.amount, "preview": found}


def page_context(request: TeamRequest, form: ComposerForm) -> dict[str, Any]:
    prices = PriceList.of(request.team, catalog.MODELS.values())
    recent = GenerationRequest.objects.visible_to(request.user).filter(team=request.team)
    return {
        **price_context(request, form, prices=prices),
        "model": form.model,
        "models": _menu(prices),
        "batches": batches.present(recent.with_tiles().order_by("-id")[:BATCHES_SHOWN]),
        "examples": EXAMPLES,
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


def _menu(prices: PriceList) -> list[dict[str, Any]]:
    """The models that can be asked for, each with what one image costs this team."""
    models = [model for model in catalog.MODELS.values() if model.callable]
    return [_row(model, prices.quote(model, {})) for model in models if prices.knows(model)]


def _row(model: catalog.Model, quote: Quote) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "purpose": model.purpose,
        "featured": model.featured,
        "typical_seconds": model.typical_seconds,
        "price_label": say_credits(quote.amount),
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
