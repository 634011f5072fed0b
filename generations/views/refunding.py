"""Staff give back what a request cost, or part of it, on the operators' page of that request."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, staff_required
from accounts.errors import AccountsError
from accounts.services import changes
from generations import operations
from generations.refund_form import RefundForm


@require_POST
@staff_required
def refund(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    asked = get_object_or_404(operations.with_everything(), pk=request_id)
    form = RefundForm(request.POST, asked=asked)
    if form.is_valid():
        try:
            made = changes.make(by=request.user, draft=form.draft)
        except AccountsError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, changes.said(made))
            return redirect("operations-request", request_id)
    page = operations.whole(asked, opened=False) | {"refund_form": form}
    return render(request, "generations/operations_request.html", page, status=422)
