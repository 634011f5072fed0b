"""Collections: all of a team's, one as a wall, and what may be changed about it."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.access import (
    SignedInRequest,
    TeamRequest,
    find_membership,
    granted_in,
    signed_in,
    team_required,
)
from accounts.permissions import Permission
from generations import shelves
from generations.collection_form import CollectionForm
from generations.models import Collection
from generations.services import collecting
from generations.views import gallery, places
from generations.views.selected import chosen, counted, refused, told, with_undo

PAGE = 60
GONE = "Somebody took one of these images out meanwhile. Nothing was moved; load the page again."
UNDONE_WITHIN = 3600  # seconds


@require_http_methods(["GET", "HEAD", "POST"])
@team_required(Permission.VIEW_IMAGES)
def collections(request: TeamRequest) -> HttpResponse:
    """Those of the team that this person sees, and a form for a new one."""
    form = CollectionForm(request.POST or None)
    if form.is_valid():
        made = collecting.create(by=request.user, team=request.team, **form.cleaned_data)
        return redirect("collection", made.pk)
    after = request.GET.get("after", "")
    shelf = shelves.of(team=request.team, user=request.user, after=after, most=PAGE + 1)
    further = shelf[PAGE - 1].cursor if len(shelf) > PAGE else ""
    page = {"shelf": shelf[:PAGE], "form": form, "after": further}
    status = 422 if form.is_bound else 200
    return render(request, "generations/collections.html", page, status=status)


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@team_required(Permission.VIEW_IMAGES)
def collection(request: TeamRequest, collection_id: UUID) -> HttpResponse:
    """Where it is another team's than one works in now, all around it is that team's too."""
    listed = shelves.names(team=request.team, user=request.user)
    shown = next((one for one in listed if one.pk == collection_id), None)
    if shown is None:
        shown = _find(request, collection_id)
        request.membership = find_membership(request, shown.team.slug)
        request.team = shown.team
        listed = shelves.names(team=shown.team, user=request.user)
    return gallery.show(request, places.of(shown), collections=listed, **_tools(request, shown))


@require_safe
@signed_in
def choices(request: SignedInRequest) -> HttpResponse:
    """Those of the team named in whose names stands what was typed, to put images into."""
    team = find_membership(request, request.GET.get("team", "")).team
    listed = shelves.names(team=team, user=request.user, like=request.GET.get("name", ""))
    return render(request, "generations/_collect_found.html", {"collections": listed})


@require_POST
@team_required(Permission.VIEW_IMAGES)
def settings(request: TeamRequest, collection_id: UUID) -> HttpResponse:
    """Another name, or other people who see it."""
    shown = _find(request, collection_id)
    form = CollectionForm(request.POST, may_hide=shown.owner_id == request.user.pk)
    if not form.is_valid():
        page = {"collection": shown, "settings_form": form}
        return render(request, "generations/collection_settings.html", page, status=422)
    collecting.change(by=request.user, collection=shown, **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect("collection", shown.pk)


@require_POST
@team_required(Permission.VIEW_IMAGES)
def delete(request: TeamRequest, collection_id: UUID) -> HttpResponse:
    shown = _find(request, collection_id)
    collecting.delete(by=request.user, collection=shown)
    messages.success(request, f"{shown.name} is gone. Its images stay in the gallery.")
    return redirect("collections")


@require_POST
@team_required(Permission.VIEW_IMAGES)
def remove(request: TeamRequest, collection_id: UUID) -> HttpResponse:
    shown = _find(request, collection_id)
    taken = collecting.remove(by=request.user, collection=shown, images=chosen(request))
    words = f"{counted(list(taken))} taken out of {shown.name}."
    offer = _with_undo(request, words, shown, taken, happened="back")
    return told(request, offer, happened="gone", to=list(taken))


@require_POST
@team_required(Permission.VIEW_IMAGES)
def arrange(request: TeamRequest, collection_id: UUID) -> HttpResponse:
    """Move images one place on, to an end of the collection or beside another image, or make one
    its cover."""
    shown, images = _find(request, collection_id), chosen(request)
    match request.POST.get("to"):
        case "cover":
            first = images and collecting.set_cover(
                by=request.user, collection=shown, image=images[0]
            )
            return told(request, "That is the cover now.", happened="cover", to=first)
        case "first" | "earlier" | "later" | "last" as to:
            moved = collecting.move(by=request.user, collection=shown, images=images, to=to)
            return _moved(request, shown, moved, happened=to)
        case "before" | "after" as side:
            return _drop(request, shown, images, side)
        case "back":
            return _put_back(request, shown)
    raise BadRequest("There is no such place.")


def _drop(request: TeamRequest, shown: Collection, images: list[UUID], side: str) -> HttpResponse:
    """Beside the image at which they were dropped, which somebody may have taken out meanwhile."""
    moved = collecting.move(
        by=request.user, collection=shown, images=images, to=side, beside=_beside(request)
    )
    if not moved:
        return refused(request, GONE)
    return _moved(request, shown, moved, happened="dropped")


def _moved(
    request: TeamRequest, shown: Collection, moved: Mapping[UUID, int], *, happened: str
) -> HttpResponse:
    words = f"{counted(list(moved))} moved."
    offer = _with_undo(request, words, shown, moved, happened="unmoved")
    return told(request, offer, happened=happened, to=list(moved))


def _with_undo(
    request: TeamRequest,
    words: str,
    shown: Collection,
    taken: Mapping[UUID, int],
    *,
    happened: str,
) -> SafeString:
    """Where what was taken stood, and what a page is told has happened when it stands there again;
    signed, for nobody to invent it."""
    former = {str(pk): place for pk, place in taken.items()}
    cover = str(shown.cover_id) if shown.cover_id in taken else ""
    what = {"places": former, "cover": cover, "happened": happened}
    said = signing.dumps(what, salt=str(shown.pk), compress=True)
    address = reverse("collection-arrange", args=[shown.pk])
    return with_undo(request, words, address, {"to": ["back"], "taken": [said]})


def _put_back(request: TeamRequest, shown: Collection) -> HttpResponse:
    """Where it was before it was moved or taken out, as the offer to undo that says."""
    taken = request.POST.get("taken", "")
    try:
        said = signing.loads(taken, salt=str(shown.pk), max_age=UNDONE_WITHIN)
    except signing.BadSignature as error:
        raise BadRequest("There is nothing to put back.") from error
    former = {UUID(pk): place for pk, place in said["places"].items()}
    back = collecting.put_back(by=request.user, collection=shown, places=former)
    if said["cover"]:
        collecting.set_cover(by=request.user, collection=shown, image=UUID(said["cover"]))
    return told(request, f"{counted(back)} put back.", happened=said["happened"], to=back)


def _beside(request: TeamRequest) -> UUID:
    try:
        return UUID(request.POST.get("beside", ""))
    except ValueError as error:
        raise BadRequest("There is no such place.") from error


def _find(request: TeamRequest, collection_id: UUID) -> Collection:
    seen = shelves.noted(Collection.objects.visible_to(request.user))
    return get_object_or_404(seen, pk=collection_id)


def _tools(request: TeamRequest, shown: Collection) -> dict[str, object]:
    """What this person may do with the collection."""
    granted = granted_in(request, shown.team)
    if not collecting.may_manage(request.user, shown, granted=granted):
        return {"may_edit": collecting.may_edit(request.user, shown, granted=granted)}
    is_own = shown.owner_id == request.user.pk
    initial = {"name": shown.name, "visibility": shown.visibility}
    form = CollectionForm(initial=initial, may_hide=is_own)
    return {"may_edit": True, "settings_form": form}
