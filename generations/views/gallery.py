from itertools import groupby
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.access import TeamRequest, team_required
from accounts.models import User
from accounts.permissions import Permission
from generations.models import Image
from generations.views.fragments import is_fragment

PAGE = 60
YEAR_SHOWN_AFTER = 180


@require_safe
@vary_on_headers("HX-Request")
@team_required(Permission.VIEW_IMAGES)
def mine(request: TeamRequest) -> HttpResponse:
    return _wall(request, heading="My images", place="gallery", author=request.user)


@require_safe
@vary_on_headers("HX-Request")
@team_required(Permission.VIEW_IMAGES)
def team(request: TeamRequest) -> HttpResponse:
    return _wall(request, heading="Team gallery", place="team-gallery", author=None)


def _wall(request: TeamRequest, *, heading: str, place: str, author: User | None) -> HttpResponse:
    wall = Image.objects.on_wall(team=request.team, user=request.user, author=author)
    after = _after(request)
    images = list(wall.older_than(after)[: PAGE + 1])
    more = len(images) > PAGE
    images = images[:PAGE]
    above = wall.filter(pk=after).first() if after and is_fragment(request) else None
    context = {
        "heading": heading,
        "days": days(images, above=above),
        "next_url": f"{reverse(place)}?after={images[-1].pk}" if more else "",
        "show_author": author is None,
    }
    if is_fragment(request):
        return render(request, "generations/_wall.html", context)
    return render(request, "generations/gallery.html", {**context, "count": wall.count()})


def days(images: list[Image], *, above: Image | None = None) -> list[tuple[str, list[Image]]]:
    """The images under the day they were made; a day that began above them has its label there."""
    began = _day(above) if above else ""
    return [
        ("" if label == began else label, list(of_day))
        for label, of_day in groupby(images, key=_day)
    ]


def _day(image: Image) -> str:
    day = timezone.localdate(image.created_at)
    ago = (timezone.localdate() - day).days
    if ago in {0, 1}:
        return ("Today", "Yesterday")[ago]
    return date_format(day, "l j F" if ago < YEAR_SHOWN_AFTER else "j F Y")


def _after(request: TeamRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("after", ""))
    except ValueError:
        return None
