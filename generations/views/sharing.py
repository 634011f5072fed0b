"""Making links that show images to people outside, and taking them back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import SignedInRequest, TeamRequest, signed_in_or_404, team_required
from accounts.permissions import Permission, has_permission, permissions_of
from generations.models import Collection, Image, ShareLink
from generations.querysets import ShareLinkQuerySet
from generations.services import collecting, sharing
from generations.share_form import ShareForm
from generations.views.keyset import before
from generations.views.selected import back, counted, visible

PAGE = 100


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
@never_cache
@signed_in_or_404
def image_share(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    seen = Image.objects.visible_to(request.user).select_related("request", "team")
    return _share(request, get_object_or_404(seen, pk=image_id))


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
@never_cache
@signed_in_or_404
def collection_share(request: SignedInRequest, collection_id: UUID) -> HttpResponse:
    seen = Collection.objects.visible_to(request.user)
    return _share(request, get_object_or_404(seen, pk=collection_id))


@require_POST
@sensitive_post_parameters("password")
@never_cache
@team_required(Permission.SHARE)
def selected_share(request: TeamRequest) -> HttpResponse:
    """A link to what was ticked: to one image by itself, to several as a collection of one's own,
    which is made with the link."""
    images = visible(request)
    if len(images) == 1:
        return redirect("image-share", images[0])
    form = ShareForm(request.POST if "days" in request.POST else None)
    if form.is_valid():
        return _linked(request, _gathered(request, images), form)
    page = {"form": form, "images": images, "counted": counted(images), "back_url": back(request)}
    return _shown(request, page)


@require_safe
@team_required(Permission.SHARE)
def links(request: TeamRequest) -> HttpResponse:
    found = list(_seen(request).older_than(before(request))[: PAGE + 1])
    page = {
        "links": found[:PAGE],
        "before": found[PAGE - 1].pk if len(found) > PAGE else "",
        "sees_everyones": _sees_everyones(request),
    }
    return render(request, "generations/links.html", page)


@require_POST
@team_required(Permission.SHARE)
def link_revoke(request: TeamRequest, link_id: UUID) -> HttpResponse:
    link = get_object_or_404(_seen(request), pk=link_id)
    sharing.revoke(by=request.user, link=link)
    messages.success(request, "The link shows nothing any more.")
    return redirect("share-links")


def _share(request: SignedInRequest, what: Image | Collection) -> HttpResponse:
    if not has_permission(request.user, Permission.SHARE, what.team):
        raise PermissionDenied
    form = ShareForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _linked(request, what, form)
    return _shown(request, {"form": form, **_named(what)})


@sensitive_variables("secret")
def _linked(request: SignedInRequest, what: Image | Collection, form: ShareForm) -> HttpResponse:
    # Shown in this very answer: to redirect, the secret would have to be kept somewhere.
    link, secret = sharing.share(by=request.user, what=what, terms=form.terms)
    address = request.build_absolute_uri(reverse("share", args=[secret]))
    page = {"link": link, "new_link": address, "form": ShareForm(), **_named(what)}
    return _shown(request, page)


def _gathered(request: TeamRequest, images: Sequence[UUID]) -> Collection:
    name = f"Shared {date_format(localdate())}"
    return collecting.gather(by=request.user, team=request.team, name=name, images=images)


def _named(what: Image | Collection) -> dict[str, Any]:
    return {"image": what} if isinstance(what, Image) else {"collection": what}


def _shown(request: SignedInRequest, page: dict[str, Any]) -> HttpResponse:
    status = 422 if page["form"].is_bound else 200
    return render(request, "generations/share_new.html", page, status=status)


def _seen(request: TeamRequest) -> ShareLinkQuerySet:
    return ShareLink.objects.seen_by(request.user, request.team, everyones=_sees_everyones(request))


def _sees_everyones(request: TeamRequest) -> bool:
    return Permission.MANAGE_TEAM in permissions_of(request.membership)
