"""Making links that show images to people outside, and taking them back."""

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
from generations.views.selected import visible

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
@team_required(Permission.SHARE)
def selected_share(request: TeamRequest) -> HttpResponse:
    """On to the link for what was ticked: one image, or several as a collection of one's own."""
    images = visible(request)
    if len(images) == 1:
        return redirect("image-share", images[0])
    made = collecting.gather(
        by=request.user, team=request.team, name=f"Shared {date_format(localdate())}", images=images
    )
    return redirect("collection-share", made.pk)


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


@sensitive_variables("secret")
def _share(request: SignedInRequest, what: Image | Collection) -> HttpResponse:
    if not has_permission(request.user, Permission.SHARE, what.team):
        raise PermissionDenied
    form = ShareForm(request.POST if request.method == "POST" else None)
    page: dict[str, Any] = {
        "what": what,
        "image": what if isinstance(what, Image) else None,
        "form": form,
    }
    if form.is_valid():
        # Shown in this very answer: to redirect, the secret would have to be kept somewhere.
        link, secret = sharing.share(by=request.user, what=what, terms=form.terms)
        address = request.build_absolute_uri(reverse("share", args=[secret]))
        page |= {"link": link, "new_link": address, "form": ShareForm()}
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "generations/share_new.html", page, status=status)


def _seen(request: TeamRequest) -> ShareLinkQuerySet:
    return ShareLink.objects.seen_by(request.user, request.team, everyones=_sees_everyones(request))


def _sees_everyones(request: TeamRequest) -> bool:
    return Permission.MANAGE_TEAM in permissions_of(request.membership)
