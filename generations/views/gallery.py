import functools
from collections.abc import Callable
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.access import TeamRequest, team_required
from accounts.permissions import Permission
from generations.download_form import DownloadForm
from generations.filter_form import FilterForm
from generations.models import Image
from generations.services import trash as trash_services
from generations.services import walls
from generations.services.ordered_walls import OrderedWall
from generations.views import places
from generations.views.fragments import is_fragment
from generations.views.places import Place

PAGE = 60
YEAR_SHOWN_AFTER = 180
MOST_NEWER = 100


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@team_required(Permission.VIEW_IMAGES)
def mine(request: TeamRequest) -> HttpResponse:
    return show(request, places.mine())


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@team_required(Permission.VIEW_IMAGES)
def team(request: TeamRequest) -> HttpResponse:
    return show(request, places.team())


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@team_required(Permission.VIEW_IMAGES)
def favourites(request: TeamRequest) -> HttpResponse:
    return show(request, places.favourites())


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@team_required(Permission.VIEW_IMAGES)
def trash(request: TeamRequest) -> HttpResponse:
    return show(request, places.trash())


def show(request: TeamRequest, place: Place, **more: Any) -> HttpResponse:
    """The page of a place, or as much of it as htmx asks for."""
    form = place.filter_form(request.GET, team=request.team, user=request.user)
    wall = place.wall(form)
    if is_fragment(request) and "newer" in request.GET:
        return _arrivals(request, place, form, wall)
    context = {"place": place, "show_author": not place.is_own, **_page(request, place, form, wall)}
    if _is_further(request):
        return render(request, "generations/_wall.html", context)
    if "collections" not in more:
        more["collections"] = form.collections  # For the panel of filters and the sidebar alike.
    # Somebody types into the search field, and the page around what it finds stays.
    page = "_found_anew" if is_fragment(request) else "gallery"
    return render(request, f"generations/{page}.html", context | _head(place, form) | more)


def _is_further(request: TeamRequest) -> bool:
    """Whether the wall goes on below what is shown of it."""
    return is_fragment(request) and request.headers.get("HX-Target") != "found"


def _page(
    request: TeamRequest, place: Place, form: FilterForm, wall: OrderedWall
) -> dict[str, Any]:
    after = _begin(request, wall)
    images = wall.page(after=after, size=PAGE + 1, counted=not _is_further(request))
    count = walls.count(images)
    more = len(images) > PAGE
    images = images[:PAGE]
    above = wall.at(after) if after and is_fragment(request) else None
    return {
        "count": count.number,
        "is_more": count.is_more,
        "days": days(images, above=above, label=_labels(place)),
        "after": after if above else "",
        "last": wall.order.cursor(images[-1]) if images else "",
        "first": wall.order.cursor(images[0]) if images else "",
        "next_url": place.address(form.query, after=wall.order.cursor(images[-1])) if more else "",
        "above_url": place.address_of(images[0].pk, form.query) if after and images else "",
        "image_query": place.image_query(form.query),
    }


def _begin(request: TeamRequest, wall: OrderedWall) -> str:
    """The cursor that the page goes on from: what the address says, or so that it has the image in
    it that the address names."""
    try:
        around = UUID(request.GET["around"])
    except (KeyError, ValueError):
        after = request.GET.get("after", "")
        return after if wall.order.read(after) else ""
    return wall.begin_around(around, size=PAGE)


def _arrivals(
    request: TeamRequest, place: Place, form: FilterForm, wall: OrderedWall
) -> HttpResponse:
    """How many images have come in above the one that the page began with."""
    began = request.GET["newer"]
    context = {
        "newer": wall.newer_than(began, most=MOST_NEWER),
        "most": MOST_NEWER,
        "first": began,
        "here": place.address(form.query),
    }
    return render(request, "generations/_arrivals.html", context)


def _head(place: Place, form: FilterForm) -> dict[str, Any]:
    return {
        "heading": place.heading,
        "place_url": place.address(form.query),
        "form": form,
        "download_form": DownloadForm(auto_id="download_%s"),
        "chips": list(form.chips()),
        "suggestions": list(form.suggestions()),
    }


def days(
    images: list[Image], *, label: Callable[[Image], str], above: Image | None = None
) -> list[tuple[str, list[Image]]]:
    """The images under what their order says of each, most often the day they were made; what began
    above them has its label there."""
    began = label(above) if above else ""
    return [
        ("" if words == began else words, list(of_one))
        for words, of_one in groupby(images, key=label)
    ]


def _labels(place: Place) -> Callable[[Image], str]:
    if place.is_trash:
        return _last_day
    return _no_label if place.collection else _day


def _no_label(image: Image) -> str:
    return ""


def _last_day(image: Image) -> str:
    thrown = image.trashed_at or timezone.now()
    return f"Gone for good on {date_format(trash_services.gone_on(thrown), 'j F Y')}"


def _day(image: Image) -> str:
    return _in_words(timezone.localdate(image.created_at), timezone.localdate())


@functools.lru_cache(maxsize=500)  # Sixty images a page are of a few days.
def _in_words(day: date, today: date) -> str:
    ago = (today - day).days
    if ago in {0, 1}:
        return ("Today", "Yesterday")[ago]
    return date_format(day, "l j F" if ago < YEAR_SHOWN_AFTER else "j F Y")
