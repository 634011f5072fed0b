from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, signed_in
from accounts.permissions import Permission, has_permission
from generations import renditions
from generations.inspector import Inspector
from generations.models import Image, ReportReason
from generations.report_form import ReportForm
from generations.services import images, moderation
from generations.views import files

FILE_NAMES = {"original", *(str(width) for width in renditions.WIDTHS)}


@require_safe
@signed_in
def image(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    return render(request, "generations/image.html", _page(request, _find(request, image_id)))


@require_safe
@signed_in
def file(request: SignedInRequest, image_id: UUID, name: str) -> HttpResponse:
    """The bytes of an image, after the access check that is made on every fetch."""
    if name not in FILE_NAMES:
        raise Http404
    shown = _find(request, image_id)
    key, content_type = images.object_for(shown, name)
    filename = f"darkroom-{shown.pk}.{key.rpartition('.')[2]}" if "download" in request.GET else ""
    response = files.given(key, content_type, filename=filename)
    if filename:
        response["Content-Disposition"] = f'attachment; filename="{filename}"'
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


def _find(request: SignedInRequest, image_id: UUID) -> Image:
    shown = Image.objects.visible_to(request.user)
    related = ("request__hold", "request__approval__by", "attempt", "author", "team")
    return get_object_or_404(shown.select_related(*related), pk=image_id)


def _page(request: SignedInRequest, shown: Image) -> dict[str, Any]:
    mine = shown.author_id == request.user.pk
    siblings = Image.objects.visible_to(request.user).filter(request=shown.request_id)
    return {
        "image": Inspector(shown),
        "siblings": siblings.select_related("request").exclude(pk=shown.pk).order_by("index"),
        **_neighbours(request, shown, mine=mine),
        "back_url": reverse("gallery" if mine else "team-gallery"),
        "back_label": "My images" if mine else "Team gallery",
        "can_report": has_permission(request.user, Permission.REPORT_IMAGE, shown.team),
        "can_see_receipt": mine or has_permission(request.user, Permission.VIEW_LEDGER, shown.team),
        "report_form": ReportForm(),
        "reuse_url": f"{reverse('create')}?reuse={shown.pk}",
        "download_url": f"{reverse('image-file', args=[shown.pk, 'original'])}?download",
    }


def _neighbours(request: SignedInRequest, shown: Image, *, mine: bool) -> dict[str, str]:
    author = request.user if mine else None
    wall = Image.objects.on_wall(team=shown.team, user=request.user, author=author)
    ids = wall.values_list("pk", flat=True)
    newer = ids.filter(pk__gt=shown.pk).order_by("pk")[:1]
    older = ids.filter(pk__lt=shown.pk)[:1]
    beside = {one > shown.pk: reverse("image", args=[one]) for one in newer.union(older)}
    return {"previous_url": beside.get(True, ""), "next_url": beside.get(False, "")}
