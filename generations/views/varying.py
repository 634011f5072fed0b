"""Varying one thing of an image: what, over which values, for how much, then a request for each."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest, signed_in
from accounts.errors import CannotSpend
from accounts.permissions import Permission, has_permission
from generations import series
from generations.errors import GenerationsError
from generations.inspector import Inspector
from generations.models import GenerationRequest, Image
from generations.series import Series
from generations.services import varying
from generations.varying_form import VaryingForm

DEARER = "It costs more than the button said. Press again to agree to this price."


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def image_vary(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    seen = Image.objects.visible_to(request.user).select_related("request", "team", "author")
    image = get_object_or_404(seen, pk=image_id)
    if not has_permission(request.user, Permission.GENERATE, image.team):
        raise PermissionDenied
    if request.method == "POST":
        return _start(request, image)
    return _show(request, image, series.chosen(image, request.GET, by=request.user))


def _start(request: SignedInRequest, image: Image) -> HttpResponse:
    wanted = series.chosen(image, request.POST, by=request.user)
    form = VaryingForm(request.POST)
    if not form.is_valid() or wanted.price is None:
        return _show(request, image, wanted, status=422)
    if wanted.price > form.cleaned_data["agreed"]:
        return _show(request, image, wanted, DEARER, status=422)
    try:
        made = _ask(request, image, wanted)
    except (GenerationsError, CannotSpend) as error:
        return _show(request, image, wanted, f"{error} Nothing was asked for.", status=422)
    images = "1 image is" if len(made) == 1 else f"{len(made)} images are"
    messages.success(request, f"{images} on the way.")
    return redirect("create")


def _ask(request: SignedInRequest, image: Image, wanted: Series) -> list[GenerationRequest]:
    return varying.start(
        by=request.user,
        image=image,
        name=wanted.variable.name if wanted.variable else "",
        values=wanted.values,
        idempotency_key=wanted.key,
    )


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
