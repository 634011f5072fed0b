"""What the bar of a wall does with the images that were ticked, with and without a script."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, TeamRequest, signed_in, team_required
from accounts.permissions import Permission
from generations.collection_form import CollectForm
from generations.models import Collection, Image
from generations.services import collecting, favourites, trash
from generations.views.fragments import is_fragment

AT_ONCE = 500
OTHERS = "What others made can be moved to the trash by them or an admin."


@require_POST
@signed_in
def favourite(request: SignedInRequest) -> HttpResponse:
    on = request.POST.get("on") != "0"
    marked = favourites.mark(by=request.user, images=chosen(request), on=on)
    words = f"{counted(marked)} {'added to' if on else 'taken off'} your favourites."
    return told(request, words, happened="marked" if on else "unmarked", to=marked)


@require_POST
@signed_in
def throw_away(request: SignedInRequest) -> HttpResponse:
    seen = visible(request)
    moved = trash.throw_away(by=request.user, images=seen)
    if not moved:
        return refused(request, OTHERS)
    words = f"{counted(moved)} moved to the trash."
    if len(moved) < len(seen):
        words = f"{words} {OTHERS}"
    offer = with_undo(request, words, reverse("trash-restore"), {"image": moved})
    return told(request, offer, happened="gone", to=moved)


@require_POST
@team_required(Permission.ORGANISE)
def collect(request: TeamRequest) -> HttpResponse:
    """Put them into a collection, or into a new one of that name."""
    images = visible(request)
    form = CollectForm(request.POST, team=request.team, user=request.user)
    if not form.is_valid():
        return refused(request, " ".join(form.problems))
    collection = form.chosen or collecting.create(
        by=request.user, team=request.team, name=form.cleaned_data["name"]
    )
    added = collecting.add(by=request.user, collection=collection, images=images)
    done = f"{counted(added)} added to" if added else "Already in"
    words, shown = _linked(done, collection), added and collection
    return told(request, words, happened="collected", to=images, collection=shown)


def _linked(words: str, collection: Collection) -> SafeString:
    address = reverse("collection", args=[collection.pk])
    return format_html('{} <a href="{}">{}</a>.', words, address, collection)


def chosen(request: HttpRequest) -> list[UUID]:
    """What was ticked, in the order of the page; what is no id is as an image that is not there."""
    wanted = dict.fromkeys(request.POST.getlist("image"))
    if len(wanted) > AT_ONCE:
        raise BadRequest(f"At most {AT_ONCE} images at a time.")
    try:
        return [UUID(one) for one in wanted]
    except ValueError as error:
        raise Http404 from error


def visible(request: SignedInRequest) -> list[UUID]:
    """What was ticked and may be seen; 404 where that is nothing."""
    wanted = chosen(request)
    seen = set(
        Image.objects.visible_to(request.user).filter(pk__in=wanted).values_list("pk", flat=True)
    )
    if not seen:
        raise Http404
    return [pk for pk in wanted if pk in seen]


def counted(images: Sequence[UUID]) -> str:
    return "1 image" if len(images) == 1 else f"{len(images)} images"


def with_undo(
    request: HttpRequest, words: str, address: str, values: Mapping[str, Sequence[object]]
) -> SafeString:
    """The words, and a button that sends these values there."""
    fields = [(name, value) for name, several in values.items() for value in several]
    context = {"words": words, "address": address, "fields": fields, "next": back(request)}
    return render_to_string("generations/_undo.html", context, request)


def told(
    request: HttpRequest, words: str, *, happened: str, to: Sequence[UUID], **more: object
) -> HttpResponse:
    """Say what was done; 404 where it was done to nothing, for there was nothing of theirs. `more`
    is what a page with a script is sent beside the words."""
    if not to:
        raise Http404
    if is_fragment(request):
        said = {"words": words, "happened": happened, "images": to, **more}
        return render(request, "generations/_said.html", said)
    messages.success(request, words)
    return redirect(back(request))


def refused(request: HttpRequest, words: str) -> HttpResponse:
    if is_fragment(request):
        return render(request, "generations/_said.html", {"words": words})
    messages.error(request, words)
    return redirect(back(request))


def back(request: HttpRequest) -> str:
    """Where the form was, or where it says to go on; an address of ours in any case."""
    return ours(request.POST.get("next", "")) or reverse("gallery")


def ours(address: str) -> str:
    """The address, where it leads to a page of ours; else nothing."""
    is_path = address.startswith("/") and url_has_allowed_host_and_scheme(
        address, allowed_hosts=None
    )
    return address if is_path else ""
