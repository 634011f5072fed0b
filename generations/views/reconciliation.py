"""The operators' page: our books beside the providers', and the cases that wait for a person."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, staff_required
from accounts.errors import SecondPersonNeeded
from generations import reconciled
from generations.resolve_form import ResolveForm
from generations.services import cases, reconciling


@require_safe
@never_cache
@staff_required
def reconciliation(request: SignedInRequest) -> HttpResponse:
    return _page(request, ResolveForm())


@require_POST
@staff_required
def run(request: SignedInRequest) -> HttpResponse:
    if reconciling.is_under_way():
        messages.info(request, "It is being compared already. Reload to see how far it is.")
    elif reconciling.ask():
        messages.success(request, "The last days are being compared. Reload to see how far it is.")
    else:
        messages.error(request, "The workers could not be told. Is the broker away?")
    return redirect("reconciliation")


@require_POST
@staff_required
def resolve(request: SignedInRequest) -> HttpResponse:
    form = ResolveForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    refund = "refund" in request.POST
    try:
        count = cases.resolve(by=request.user, refund=refund, **form.cleaned_data)
    except SecondPersonNeeded as error:
        form.add_error("cases", f"{error} Give it back under Requests, where it waits for one.")
        return _page(request, form, status=422)
    messages.success(request, f"{count} resolved.")
    return redirect("reconciliation")


def _page(request: SignedInRequest, form: ResolveForm, *, status: int = 200) -> HttpResponse:
    chosen = form.data.getlist("cases") if form.is_bound else []  # type: ignore[attr-defined]  # a QueryDict
    context = {
        **reconciled.page(),
        "form": form,
        "chosen": chosen,
        "under_way": reconciling.is_under_way(),
    }
    return render(request, "generations/reconciliation.html", context, status=status)
