from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, current_team, granted_in, signed_in, signed_in_or_404
from accounts.permissions import Permission, has_permission
from generations import lineage, renditions, shelves
from generations.download_form import DownloadForm
from generations.inspector import Inspector
from generations.models import Collection, Image, ReportReason
from generations.querysets import ImageQuerySet
from generations.report_form import ReportForm
from generations.services import favourites, images, moderation, trash
from generations.views import files, places
from generations.views.compare_links import beside_next
from generations.views.fragments import is_fragment
from generations.views.selected import back

FILE_NAMES = {"original", *(str(width) for width in renditions.WIDTHS)}


@require_safe
@signed_in_or_404
def image(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    shown = _find(request, image_id, also_trashed=True)
    if shown.trashed_at:
        return render(request, "generations/trashed.html", _trashed(request, shown))
    return render(request, "generations/image.html", _page(request, shown))


@require_safe
@signed_in_or_404
def file(request: SignedInRequest, image_id: UUID, name: str) -> HttpResponse:
    """The bytes of an image, after the access check that is made on every fetch."""
    if name not in FILE_NAMES:
        raise Http404
    shown = _find(request, image_id, also_trashed=True)
    key, content_type = images.object_for(shown, name)
    response = files.given(key, content_type)
    return files.private(response, fresh=name == "original" or shown.renditions_at is not None)


@require_POST
@signed_in
def report(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    shown = _find(request, image_id)
    if not has_permission(request.user, Permission.REPORT_IMAGE, shown.team):
        raise PermissionDenied
    form = ReportForm(request.POST)
    if not form.is_valid():
        context = _page(request, shown) | {"report_form": form}
        return render(request, "generations/image.html", context, status=422)
    moderation.report(
        by=request.user,
        image=shown,
        reason=ReportReason(form.cleaned_data["reason"]),
        words=form.cleaned_data["words"],
    )
    messages.success(request, "Reported. Staff will look at it.")
    return redirect("image", image_id)


@require_POST
@signed_in
def favourite(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """Mark the image as one's own favourite, or no longer, as `on` says."""
    is_on = request.POST.get("on") == "1"
    if not favourites.mark(by=request.user, images=[image_id], on=is_on):
        raise Http404
    if is_fragment(request):
        if letter := request.GET.get("letter"):
            context = {"image_id": image_id, "is_favourite": is_on, "letter": letter[:1]}
            return render(request, "generations/_keep.html", context)
        return HttpResponse(status=204)
    return redirect(back(request))


def _find(request: SignedInRequest, image_id: UUID, *, also_trashed: bool = False) -> Image:
    """The image, or 404; from the trash for those alone who may take it out."""
    found = _whole(Image.objects.visible_to(request.user), request).filter(pk=image_id).first()
    if found is None and also_trashed:
        thrown = _whole(Image.objects.in_trash_of(request.user), request)
        found = thrown.filter(pk=image_id).first()
    if found is None:
        raise Http404
    return found


def _whole(images: ImageQuerySet, request: SignedInRequest) -> ImageQuerySet:
    """With what the page of an image shows of it."""
    related = ("request__hold", "request__approval__by", "attempt", "author", "team")
    return places.marked(images.select_related(*related), request.user)


def _trashed(request: SignedInRequest, shown: Image) -> dict[str, Any]:
    return {
        "image": Inspector(shown),
        "gone_on": trash.gone_on(shown.trashed_at or timezone.now()),
        **_around(request, shown),
    }


def _page(request: SignedInRequest, shown: Image) -> dict[str, Any]:
    family = lineage.family(shown, user=request.user)
    shelved = _shelved(request, shown)
    # Of one request, all are as private as this one.
    siblings = [one for one in family.batch if one.can_be_opened and one != shown]
    return {
        "image": Inspector(shown),
        "siblings": siblings,
        "family": family,
        "compare_url": beside_next(shown, siblings),
        **_around(request, shown, shelved["shelf"]),
        **_allowed(request, shown),
        "report_form": ReportForm(),
        "is_favourite": vars(shown)["is_favourite"],
        **shelved,
        "reuse_url": f"{reverse('create')}?reuse={shown.pk}",
        "download_form": DownloadForm(auto_id="download_%s"),
    }


def _shelved(request: SignedInRequest, shown: Image) -> dict[str, list[Collection]]:
    """The collections of the image's team, and those of the team one works in for the sidebar."""
    here = current_team(request)
    listed = shelves.names_around(shown, user=request.user, also=here)
    shelf = [one for one in listed if one.team_id == shown.team_id]
    return {
        "shelf": shelf,
        "in_collections": [one for one in shelf if vars(one)["holds"]],
        "collections": [one for one in listed if one.team_id == here.pk],
    }


def _allowed(request: SignedInRequest, shown: Image) -> dict[str, bool]:
    granted = granted_in(request, shown.team)
    mine = shown.author_id == request.user.pk
    return {
        "can_report": Permission.REPORT_IMAGE in granted,
        "is_mine": mine,
        "can_see_receipt": mine or Permission.VIEW_LEDGER in granted,
        "can_share": Permission.SHARE in granted,
        "can_organise": Permission.ORGANISE in granted,
        "can_vary": Permission.GENERATE in granted,
        "can_trash": mine or Permission.MANAGE_IMAGES in granted,
    }


def _around(
    request: SignedInRequest, shown: Image, shelf: Sequence[Collection] = ()
) -> dict[str, str]:
    """The way back to the wall one came from, and on to the images beside this one there."""
    place = places.come_from(request.GET, image=shown, user=request.user, shelf=shelf)
    form = place.filter_form(request.GET, team=shown.team, user=request.user)
    newer, older = place.wall(form).beside(shown)
    query = place.image_query(form.query)
    return {
        "previous_url": reverse("image", args=[newer]) + query if newer else "",
        "next_url": reverse("image", args=[older]) + query if older else "",
        "back_url": place.address_of(shown.pk, form.query),
        "back_label": place.heading,
    }
