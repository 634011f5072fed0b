from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import SignedInRequest, signed_in
from accounts.errors import AccountsError, NotAllowed
from generations import batches, short_story, waits
from generations.errors import Dearer, GenerationsError, TooLateToCancel
from generations.models import GenerationRequest
from generations.services import requests
from generations.views.fragments import is_fragment


@require_safe
@vary_on_headers("HX-Request")
@signed_in
def request_page(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """One request: the fragment that live updates fetch, or a page of its own."""
    return _show(request, _find(request, request_id))


@require_safe
@signed_in
def story(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """What happened to it so far, in a line; a page that shows it fetches it anew."""
    shown = _find(request, request_id)
    context = _told(shown, paused=waits.why_paused(shown))
    return render(request, "generations/_story_short.html", context)


@require_POST
@signed_in
def cancel(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    wanted = _find(request, request_id)
    try:
        if requests.cancel(request=wanted):
            messages.success(request, "Cancelled. Nothing was charged.")
        else:
            messages.info(request, "The provider was asked to drop it.")
    except TooLateToCancel as error:
        messages.info(request, str(error))
    if not is_fragment(request):
        return redirect("create")
    return _show(request, _find(request, request_id))


@require_POST
@signed_in
def retry(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    wanted = _find(request, request_id)
    try:
        made = requests.again(by=request.user, request=wanted, idempotency_key=_key(request))
    except NotAllowed as error:
        raise PermissionDenied from error
    except Dearer:
        messages.info(request, "It costs more than it did. Generate asks for it at today's price.")
        return _to_create(request, edit=wanted)
    except (GenerationsError, AccountsError) as error:
        messages.error(request, str(error))
        return _to_create(request)
    if not is_fragment(request):
        return redirect("create")
    batch, again = batches.present([made, wanted])
    return render(request, "generations/_made_again.html", {"batch": batch, "again": again})


def _find(request: SignedInRequest, request_id: UUID) -> GenerationRequest:
    mine = GenerationRequest.objects.visible_to(request.user).as_batches()
    return get_object_or_404(mine, pk=request_id)


def _key(request: SignedInRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("idempotency_key", ""))
    except ValueError:
        return None


def _to_create(request: SignedInRequest, *, edit: GenerationRequest | None = None) -> HttpResponse:
    """Leave for the Create page, which says why; htmx would follow a plain redirect unseen."""
    address = reverse("create", query={"edit": edit.pk} if edit else None)
    if is_fragment(request):
        return HttpResponseClientRedirect(address)
    return redirect(address)


def _show(request: SignedInRequest, shown: GenerationRequest) -> HttpResponse:
    (batch,) = batches.present([shown])
    context: dict[str, object] = {"batch": batch}
    if is_fragment(request):
        return render(request, "generations/_batch.html", context)
    context |= _told(shown, paused=batch.wait.paused)
    return render(request, "generations/request.html", context)


def _told(shown: GenerationRequest, *, paused: str) -> dict[str, object]:
    return {"story": short_story.in_short(shown, paused=paused), "story_of": shown}
