"""What the composer and the Create page show."""

import uuid
from typing import Any

from accounts.access import TeamRequest
from accounts.money import say_credits
from accounts.permissions import Permission, permissions_of
from accounts.services import role_limits
from generations import batches, catalog
from generations.errors import StorageUnavailable, Unpriceable, UnusableImage
from generations.forms import ComposerForm
from generations.models import GenerationRequest, Image
from generations.querysets import ImageQuerySet
from generations.references import BadReference
from generations.services import downloads, previews, providers
from generations.services.price_book import PriceList, Quote

BATCHES_SHOWN = 12
PICKABLE = 18
REFERENCES = ("image_url", "image_urls")
EXAMPLES = (
    "Dawn over a copper meadow, low sun through mist, 85mm, shallow depth of field",
    "A quiet harbour at blue hour, long exposure, wet stones, one lit window",
    "Studio portrait of a heron made of folded paper, soft rim light",
)


def fresh(request: TeamRequest) -> ComposerForm:
    """A composer filled with the recipe that was asked for, else with what was chosen last time."""
    picked = _image(request, "reference")
    form = _remembered(request)
    return with_reference(form, picked) if picked else form


def with_reference(form: ComposerForm, image: Image) -> ComposerForm:
    """The same with this image as a reference, for the first model that takes one if this does not.

    Without it, where its file cannot be had.
    """
    takes = form.model if form.model.reference else _takes_references()
    try:
        return form.switched_to(takes, added=downloads.reference(image))
    except (BadReference, FileNotFoundError, StorageUnavailable, UnusableImage):
        return form


def pickable(request: TeamRequest) -> ImageQuerySet:
    """The team's images that this person may have as a reference, newest first."""
    return Image.objects.on_wall(team=request.team, user=request.user)


def _remembered(request: TeamRequest) -> ComposerForm:
    recipe = _recipe(request)
    last = recipe or GenerationRequest.objects.visible_to(request.user).order_by("-id").first()
    limit = role_limits.of_member(request.membership)
    if last is None:
        initial = {"team": request.team.slug, "prompt": request.GET.get("prompt", "")}
        return ComposerForm(model=_first(), limit=limit, initial=initial)
    kept = dict(last.params) if recipe else _without_seed(last.params)
    initial = {**kept, "team": request.team.slug, "visibility": last.visibility}
    initial["prompt"] = recipe.prompt if recipe else request.GET.get("prompt", "")
    asked = last.model if recipe else last.moved_from or last.model
    return ComposerForm(model=catalog.get_model(asked), limit=limit, initial=initial)


def bound(request: TeamRequest) -> ComposerForm:
    limit = role_limits.of_member(request.membership)
    try:
        model = catalog.get_model(request.POST.get("model", ""))
    except catalog.UnknownModel as error:
        form = ComposerForm(request.POST, request.FILES, model=_first(), limit=limit)
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
        "pickable": pickable(request)[:PICKABLE] if form.reference_field else (),
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


def _first() -> catalog.Model:
    return providers.callable_models()[0]


def _takes_references() -> catalog.Model:
    return next(model for model in providers.callable_models() if model.reference)


def _menu(prices: PriceList) -> list[dict[str, Any]]:
    """The models that can be asked for, each with what one image costs this team."""
    models = [model for model in providers.callable_models() if prices.knows(model)]
    return [_row(model, prices.quote(model, {})) for model in models]


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
            image = _image(request, "reuse")
            return image.request if image else None
        if "edit" in request.GET:
            mine = GenerationRequest.objects.visible_to(request.user)
            return mine.get(pk=uuid.UUID(request.GET["edit"]))
    except (ValueError, GenerationRequest.DoesNotExist):
        return None
    return None


def _image(request: TeamRequest, name: str) -> Image | None:
    """The image that the address names so, if this person may see it."""
    try:
        wanted = uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None
    shown = Image.objects.visible_to(request.user).select_related("request")
    return shown.filter(pk=wanted).first()


def _without_seed(params: dict[str, Any]) -> dict[str, Any]:
    """Settings are remembered between visits; one picture's seed is not a setting."""
    return {name: value for name, value in params.items() if name not in {"seed", *REFERENCES}}
