"""Where approvers decide. Reading a page, or following a mail's link to it, decides nothing."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, signed_in, signed_in_or_404
from accounts.errors import NotAllowed
from accounts.permissions import Permission
from accounts.services import teams
from generations import approval_links, approving
from generations.approval_form import ApprovalForm
from generations.errors import GenerationsError
from generations.models import GenerationRequest, Verdict
from generations.services.approvals import decide

TOLD = {
    Verdict.APPROVED: "Approved. It is on its way.",
    Verdict.DECLINED: "Declined. Its credits are free again, and the author is told.",
}


@require_safe
@never_cache
@signed_in
def approvals(request: SignedInRequest) -> HttpResponse:
    mine = list(teams.where_may(request.user, Permission.APPROVE))
    if not mine:
        raise PermissionDenied
    return render(request, "generations/approvals.html", approving.page(request.user, mine=mine))


@require_safe
@never_cache
@signed_in
def approval(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    return _page(request, _find(request, request_id))


@require_POST
@signed_in
def approval_decide(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    found = _find(request, request_id)
    form = ApprovalForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    try:
        decide(by=request.user, request=found, **form.cleaned_data)
    except NotAllowed as error:
        raise PermissionDenied from error
    except GenerationsError as error:
        messages.error(request, str(error))
        return redirect("approval", request_id)
    messages.success(request, TOLD[form.cleaned_data["verdict"]])
    return redirect("approvals")


@require_safe
@never_cache
def approval_link(request: HttpRequest, token: str) -> HttpResponse:
    """From a mail to the request's page, which asks who comes."""
    request_id = approval_links.read(token)
    if request_id is None:
        return render(request, "generations/approval_link_gone.html", status=410)
    return redirect("approval", request_id)


@require_safe
@signed_in_or_404
def approval_reference(request: SignedInRequest, request_id: UUID, number: int) -> HttpResponse:
    """One of the pictures that a request refers to, small."""
    found = _find(request, request_id)
    (shown,) = approving.present([found], viewer=request.user)
    picture = approving.thumbnail(shown, number)
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/webp")
    response["Cache-Control"] = "private, max-age=300"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _find(request: SignedInRequest, request_id: UUID) -> GenerationRequest:
    found = approving.find(request.user, request_id)
    if found is None:
        raise Http404
    return found


def _page(
    request: SignedInRequest, found: GenerationRequest, form: ApprovalForm | None = None
) -> HttpResponse:
    (shown,) = approving.present([found], viewer=request.user, form=form)
    status = 422 if form else 200
    return render(request, "generations/approval.html", {"row": shown}, status=status)
