"""What the composer and the Create page show."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import TeamRequest
from accounts.money import say_credits
from accounts.permissions import Permission, permissions_of
from accounts.services import role_limits
from generations import batches, catalog
from generations.errors import Unpriceable
from generations.forms import ComposerForm
from generations.import_form import ImportForm
from generations.models import GenerationRequest, Image
from generations.querysets import ImageQuerySet
from generations.services import providers
from generations.services.price_book import PriceList, Quote
from generations.views import affording
from generations.views.fragments import is_fragment

BATCHES_SHOWN = 12
PICKABLE = 18
EXAMPLES = (
    "Dawn over a copper meadow, low sun through mist, 85mm, shallow depth of field",
    "A quiet harbour at blue hour, long exposure, wet stones, one lit window",
    "Studio portrait of a heron made of folded paper, soft rim light",
)


def pickable(request: TeamRequest) -> ImageQuerySet:
    """The team's images that this person may have as a reference, newest first."""
    return Image.objects.on_wall(team=request.team, user=request.user)


def bound(request: TeamRequest) -> ComposerForm:
    limit = role_limits.of_member(request.membership)
    try:
        model = catalog.get_model(request.POST.get("model", ""))
    except catalog.UnknownModel as error:
        form = ComposerForm(request.POST, request.FILES, model=first_model(), limit=limit)
        form.add_error(None, str(error))
        return form
    return ComposerForm(request.POST, request.FILES, model=model, limit=limit)


def price_context(
    request: TeamRequest, form: ComposerForm, *, prices: PriceList | None = None
) -> dict[str, Any]:
    """The exact hold of what is chosen now, the room there is, and what is missing for it."""
    means = affording.means(request, [form.model], prices=prices)
    try:
        found = means.preview(form.model, form.draft_params)
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
        "batches": batches.present(recent.as_batches().order_by("-id")[:BATCHES_SHOWN]),
        "examples": EXAMPLES,
        "import_form": ImportForm(),
        "pickable": pickable(request)[:PICKABLE] if form.reference_field else (),
        "may_generate": Permission.GENERATE in permissions_of(request.membership),
    }


def answer(
    request: TeamRequest, form: ComposerForm, *, refused: bool = False, **more: Any
) -> HttpResponse:
    """The composer, or its page; refused, with words next to the fields and all that was typed."""
    template = "generations/_composer.html" if is_fragment(request) else "generations/create.html"
    context = page_context(request, form) | more
    response = render(request, template, context, status=422 if refused else 200)
    if refused and is_fragment(request):
        response["HX-Retarget"] = "#composer"
        response["HX-Reswap"] = "outerHTML"
    return response


def submitted_context(
    request: TeamRequest, form: ComposerForm, made: GenerationRequest
) -> dict[str, Any]:
    """The new batch, and what of the page around it has to follow."""
    return {
        **price_context(request, form),
        "batch": batches.present([made])[0],
        "fresh_key": uuid.uuid4(),
    }


def first_model() -> catalog.Model:
    return providers.callable_models()[0]


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
