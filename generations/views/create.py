from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, team_required
from accounts.errors import CannotSpend
from accounts.permissions import Permission
from generations import catalog
from generations.agreed_form import microcredits
from generations.errors import Dearer, GenerationsError, InvalidRequest
from generations.forms import ComposerForm
from generations.models import GenerationRequest, Image, Visibility
from generations.services import requests
from generations.views import composing, reusing
from generations.views.fragments import is_fragment


@require_http_methods(["GET", "POST"])
@team_required(Permission.VIEW_IMAGES)
def create(request: TeamRequest) -> HttpResponse:
    if request.method == "POST":
        return _submit(request)
    form = reusing.fresh(request)
    return render(request, "generations/create.html", composing.page_context(request, form))


@require_POST
@team_required(Permission.GENERATE)
def composer(request: TeamRequest) -> HttpResponse:
    """The composer again, for what was chosen in a menu of it, with what was typed."""
    form = composing.bound(request)
    chosen = request.POST.get("choose_model", "")
    if chosen in catalog.MODELS:
        form = form.switched_to(catalog.MODELS[chosen])
    if "pick" in request.POST:
        form = reusing.with_reference(form, _picked(request))
    return composing.answer(request, form)


@require_POST
@team_required(Permission.GENERATE)
def price(request: TeamRequest) -> HttpResponse:
    form = composing.bound(request)
    return render(request, "generations/_price.html", composing.price_context(request, form))


def _picked(request: TeamRequest) -> Image:
    try:
        wanted = UUID(request.POST["pick"])
    except ValueError as error:
        raise Http404 from error
    return get_object_or_404(composing.pickable(request), pk=wanted)


@team_required(Permission.GENERATE)
def _submit(request: TeamRequest) -> HttpResponse:
    form = composing.bound(request)
    if not form.is_valid():
        return composing.answer(request, form, refused=True)
    try:
        made = _ask(request, form)
    except Dearer as error:
        return composing.answer(request, form, refused=True, dearer=str(error))
    except (GenerationsError, CannotSpend) as error:
        form.show(error.errors if isinstance(error, InvalidRequest) else {"": str(error)})
        return composing.answer(request, form, refused=True)
    if not is_fragment(request):
        return redirect("create")
    context = composing.submitted_context(request, form, made)
    return render(request, "generations/_submitted.html", context)


def _ask(request: TeamRequest, form: ComposerForm) -> GenerationRequest:
    return requests.submit(
        by=request.user,
        team=request.team,
        model_id=form.model.id,
        prompt=form.cleaned_data["prompt"],
        params=form.cleaned_params,
        idempotency_key=form.cleaned_data["idempotency_key"],
        visibility=Visibility(form.cleaned_data["visibility"]),
        made_from=reusing.made_from(request),
        agreed=_agreed(request),
    )


def _agreed(request: TeamRequest) -> int | None:
    """What the button said; a form that never said a price agrees to whatever it is."""
    said = request.POST.get("agreed")
    return None if said is None else microcredits(said)
