"""Out of the trash again, or out of the house for good. The trash itself is a wall."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, signed_in
from generations.models import Image
from generations.services import trash
from generations.views.selected import chosen, counted, told


@require_POST
@signed_in
def restore(request: SignedInRequest) -> HttpResponse:
    restored = trash.restore(by=request.user, images=chosen(request))
    return told(request, f"{counted(restored)} restored.", happened="back", to=restored)


@require_POST
@signed_in
def delete(request: SignedInRequest) -> HttpResponse:
    """Ask first: of all that is done to images, this alone cannot be undone."""
    images = _in_trash(request)
    if request.POST.get("sure") != "yes":
        context = {"images": images, "counted": counted(images)}
        return render(request, "generations/delete.html", context)
    gone = trash.delete(by=request.user, images=images)
    if gone:
        messages.success(request, f"{counted(gone)} deleted for good.")
    if len(gone) < len(images):
        messages.warning(request, _stays(len(images) - len(gone)))
    return redirect("trash")


def _in_trash(request: SignedInRequest) -> list[UUID]:
    found = Image.objects.in_trash_of(request.user).filter(pk__in=chosen(request))
    images = list(found.order_by("-trashed_at", "-id").values_list("pk", flat=True))
    if not images:
        raise Http404
    return images


def _stays(count: int) -> str:
    which = "1 image was" if count == 1 else f"{count} images were"
    return f"{which} reported, and stays here until staff have looked."
