"""The operators' page of prices: what waits for a decision, what is in force, what is on top."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, staff_required
from generations import priced
from generations.models import Markup, PriceProposal
from generations.price_forms import MarkupForm, PriceForm
from generations.services import price_changes, price_refresh


@require_safe
@never_cache
@staff_required
def prices(request: SignedInRequest) -> HttpResponse:
    return _page(request)


@require_POST
@staff_required
def refresh(request: SignedInRequest) -> HttpResponse:
    if price_refresh.ask():
        messages.success(request, "The providers' prices are being read. Reload to see them.")
    else:
        messages.error(request, "The workers could not be told. Is the broker away?")
    return redirect("prices")


@require_POST
@staff_required
def decide(request: SignedInRequest, proposal_id: int) -> HttpResponse:
    proposal = get_object_or_404(PriceProposal, pk=proposal_id)
    accepts = "accept" in request.POST
    decision = price_changes.accept if accepts else price_changes.decline
    if not decision(by=request.user, proposal=proposal):
        messages.info(request, "It was decided meanwhile.")
    elif accepts:
        messages.success(request, "The new price counts for what is asked from now on.")
    else:
        messages.success(request, "The price stays as it is.")
    return redirect("prices")


@require_POST
@staff_required
def enter(request: SignedInRequest) -> HttpResponse:
    form = PriceForm(request.POST)
    if not form.is_valid():
        return _page(request, price_form=form)
    price_changes.enter(by=request.user, model=form.chosen, price=form.price)
    messages.success(request, f"{form.chosen.name} has a new price from now on.")
    return redirect("prices")


@require_POST
@staff_required
def mark_up(request: SignedInRequest) -> HttpResponse:
    form = MarkupForm(request.POST)
    if not form.is_valid():
        return _page(request, markup_form=form)
    price_changes.mark_up(by=request.user, **form.values)
    messages.success(request, "The mark-up counts for what is asked from now on.")
    return redirect("prices")


@require_POST
@staff_required
def end_markup(request: SignedInRequest, markup_id: int) -> HttpResponse:
    price_changes.end_markup(by=request.user, markup=get_object_or_404(Markup, pk=markup_id))
    messages.success(request, "The mark-up is gone.")
    return redirect("prices")


def _page(
    request: SignedInRequest,
    *,
    markup_form: MarkupForm | None = None,
    price_form: PriceForm | None = None,
) -> HttpResponse:
    context = {
        **priced.page(),
        "markup_form": markup_form or MarkupForm(),
        "price_form": price_form or PriceForm(),
    }
    status = 422 if markup_form or price_form else 200
    return render(request, "generations/prices.html", context, status=status)
