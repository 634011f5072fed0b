"""Varying one thing of an image: what, over which values, for how much, then a request for each."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest, granted_in, signed_in_or_404
from accounts.errors import CannotSpend
from accounts.permissions import Permission
from generations import series
from generations.agreed_form import AgreedForm
from generations.errors import GenerationsError
from generations.inspector import Inspector
from generations.models import GenerationRequest, Image
from generations.series import Series
from generations.services import varying


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_or_404
def image_vary(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    seen = Image.objects.visible_to(request.user).select_related("request", "team", "author")
    image = get_object_or_404(seen, pk=image_id)
    if Permission.GENERATE not in granted_in(request, image.team):
        raise PermissionDenied
    if request.method == "POST":
        return _start(request, image)
    return _show(request, image, series.chosen(image, request.GET, by=request.user))


def _start(request: SignedInRequest, image: Image) -> HttpResponse:
    wanted = series.chosen(image, request.POST, by=request.user)
    form = AgreedForm(request.POST)
    if not form.is_valid() or wanted.price is None:
        return _show(request, image, wanted, _in_words(form), status=422)
    try:
        made = _ask(request, image, wanted, agreed=form.agreed_to)
    except (GenerationsError, CannotSpend) as error:
        return _show(request, image, wanted, f"{error} Nothing was asked for.", status=422)
    images = "1 image is" if len(made) == 1 else f"{len(made)} images are"
    messages.success(request, f"{images} on the way.")
    return redirect("create")


def _ask(
    request: SignedInRequest, image: Image, wanted: Series, *, agreed: int
) -> list[GenerationRequest]:
    return varying.start(
        by=request.user,
        image=image,
        name=wanted.variable.name if wanted.variable else "",
        values=wanted.values,
        idempotency_key=wanted.key,
        agreed=agreed,
    )


def _in_words(form: AgreedForm) -> str:
    return " ".join(str(words) for found in form.errors.values() for words in found)


def _show(
    request: SignedInRequest, image: Image, shown: Series, error: str = "", *, status: int = 200
) -> HttpResponse:
    context = {
        "image": Inspector(image),
        "team": image.team,
        "series": shown,
        "preview": shown.preview,
        "price": shown.price,
        "error": error or shown.error,
    }
    return render(request, "generations/vary.html", context, status=status)
