from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, signed_in
from accounts.errors import AccountsError
from generations import batches
from generations.errors import GenerationsError, TooLateToCancel
from generations.models import GenerationRequest
from generations.services import requests
from generations.views.fragments import is_fragment


@require_safe
@signed_in
def request_page(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """One request: the fragment that live updates fetch, or a page of its own."""
    return _show(request, _find(request, request_id))


@require_POST
@signed_in
def cancel(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    wanted = _find(request, request_id)
    try:
        requests.cancel(request=wanted)
        messages.success(request, "Cancelled. Nothing was charged.")
    except TooLateToCancel as error:
        messages.info(request, str(error))
    if not is_fragment(request):
        return redirect("create")
    return _show(request, _find(request, request_id))


@require_POST
@signed_in
def retry(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    try:
        made = requests.again(by=request.user, request=_find(request, request_id))
    except (GenerationsError, AccountsError) as error:
        messages.error(request, str(error))
        return redirect("create")
    return _show(request, made) if is_fragment(request) else redirect("create")


def _find(request: SignedInRequest, request_id: UUID) -> GenerationRequest:
    mine = GenerationRequest.objects.visible_to(request.user).with_tiles()
    return get_object_or_404(mine, pk=request_id)


def _show(request: SignedInRequest, shown: GenerationRequest) -> HttpResponse:
    template = "generations/_batch.html" if is_fragment(request) else "generations/request.html"
    return render(request, template, {"batch": batches.present([shown])[0]})
