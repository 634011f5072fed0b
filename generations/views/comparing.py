"""Images beside each other, as their address names them: /compare/?a=…&b=…"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, signed_in, signed_in_or_404
from generations import side_by_side
from generations.models import Image
from generations.views import places, runs
from generations.views.compare_links import NAMES, address
from generations.views.selected import back, chosen, ours

FEWEST = 2


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """The images that the address names; where it names none, one's runs."""
    wanted = _asked_for(request)
    return _compare(request, wanted) if wanted else runs.recent(request)


@signed_in_or_404
def _compare(request: SignedInRequest, wanted: list[UUID]) -> HttpResponse:
    shown = _find(request, wanted)
    if len(shown) < FEWEST:
        return render(request, "generations/compare_choose.html", _to_choose(request, shown[0]))
    return render(request, "generations/compare.html", _page(request, shown))


@require_POST
@signed_in
def selected(request: SignedInRequest) -> HttpResponse:
    """From what was ticked on a wall to the page that compares it."""
    wanted = chosen(request)
    if not FEWEST <= len(wanted) <= len(NAMES):
        messages.info(request, "Tick two, three or four images to compare them.")
        return redirect(back(request))
    return redirect(address(_find(request, wanted), back=back(request)))


def _asked_for(request: HttpRequest) -> list[UUID]:
    """Each once, in order; what is no id is as an image that is not there."""
    named = [request.GET.get(name, "") for name in NAMES]
    try:
        return list(dict.fromkeys(UUID(one) for one in named if one))
    except ValueError as error:
        raise Http404 from error


def _find(request: SignedInRequest, wanted: Sequence[UUID]) -> list[Image]:
    """All of them, in this order, or 404."""
    seen = Image.objects.visible_to(request.user).select_related("request", "author")
    found = places.marked(seen, request.user).in_bulk(wanted)
    if len(found) < len(wanted):
        raise Http404
    return [found[pk] for pk in wanted]


def _page(request: HttpRequest, shown: Sequence[Image]) -> dict[str, Any]:
    wants_slider = request.GET.get("mode") != "side"
    way_back = ours(request.GET.get("back", ""))
    more = {"back": way_back} if way_back else {}
    return {
        "comparing": side_by_side.present(shown, slider=wants_slider),
        "slider_url": address(shown, **more),
        "side_url": address(shown, mode="side", **more),
        "back_url": way_back or reverse("image", args=[shown[0].pk]),
    }


def _to_choose(request: SignedInRequest, shown: Image) -> dict[str, Any]:
    batch = Image.objects.visible_to(request.user).filter(request=shown.request_id)
    others = batch.exclude(pk=shown.pk).select_related("request").order_by("index")
    return {
        "image": shown,
        "others": [{"image": one, "url": address([shown, one])} for one in others],
        "back_url": reverse("image", args=[shown.pk]),
    }
