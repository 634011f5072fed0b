"""Asking for more credits, and the operators' page that decides about those for teams."""

from contextlib import suppress
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import asked
from accounts.access import SignedInRequest, TeamRequest, signed_in, staff_required, team_required
from accounts.ask_forms import AskDecisionForm, AskForm
from accounts.errors import AccountsError, NotAllowed
from accounts.models import AskKind, CreditRequest
from accounts.money import parse_credits, plain_credits
from accounts.permissions import Permission
from accounts.services import asks, budgets, teams

SHOWN = 20


@require_http_methods(["GET", "POST"])
@never_cache
@team_required(Permission.GENERATE)
def credits_ask(request: TeamRequest) -> HttpResponse:
    """Ask for more, and see what became of what one asked for."""
    limits = asks.own_limits(request.user, request.team)
    form = AskForm(request.POST or None, limits=limits, initial=_wished(request))
    if form.is_valid():
        try:
            asks.ask(by=request.user, team=request.team, **form.cleaned_data)
        except AccountsError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Asked. You get a mail when it is decided.")
            return redirect("credits-ask")
    mine = request.team.credit_requests.filter(by=request.user).select_related("decided_by")
    page = {"form": form, "asks": mine.select_related("budget")[:SHOWN]}
    return render(request, "accounts/ask.html", page, status=422 if form.is_bound else 200)


@require_POST
@team_required(Permission.GENERATE)
def credits_ask_withdraw(request: TeamRequest, ask_id: UUID) -> HttpResponse:
    ask = get_object_or_404(CreditRequest, pk=ask_id, by=request.user)
    try:
        asks.withdraw(by=request.user, ask=ask)
        messages.success(request, "Taken back.")
    except AccountsError as error:
        messages.error(request, str(error))
    return redirect("credits-ask")


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def limit_ask(request: SignedInRequest, ask_id: UUID) -> HttpResponse:
    """Somebody asks an approver for more room in a limit; nothing else is decided here."""
    mine = teams.where_may(request.user, Permission.APPROVE)
    found = CreditRequest.objects.select_related("by", "team", "budget", "decided_by")
    ask = get_object_or_404(found, pk=ask_id, kind=AskKind.LIMIT, team__in=mine)
    form = AskDecisionForm(request.POST or None, ask=ask)
    if form.is_valid():
        _decide(request, ask, form)
        return redirect("approvals")
    page = {"ask": ask, "form": form, "is_mine": ask.by_id == request.user.pk}
    page["room"] = budgets.fullest([ask.budget] if ask.budget else [])
    return render(request, "accounts/limit_ask.html", page, status=422 if form.is_bound else 200)


@require_safe
@never_cache
@staff_required
def credit_asks(request: SignedInRequest) -> HttpResponse:
    return _operators_page(request)


@require_POST
@staff_required
def credit_ask_decide(request: SignedInRequest, ask_id: UUID) -> HttpResponse:
    ask = get_object_or_404(CreditRequest, pk=ask_id, kind=AskKind.CREDITS)
    form = AskDecisionForm(request.POST, ask=ask)
    if not form.is_valid():
        return _operators_page(request, refused=(ask, form))
    _decide(request, ask, form)
    return redirect("credit-asks")


def _decide(request: SignedInRequest, ask: CreditRequest, form: AskDecisionForm) -> None:
    try:
        messages.success(request, asks.decide(by=request.user, ask=ask, **form.cleaned_data))
    except NotAllowed as error:
        raise PermissionDenied from error
    except AccountsError as error:
        messages.error(request, str(error))


def _operators_page(
    request: SignedInRequest, refused: tuple[CreditRequest, AskDecisionForm] | None = None
) -> HttpResponse:
    bound = {refused[0].pk: refused[1]} if refused else {}
    page = asked.page(request.user, bound)
    return render(request, "accounts/credit_asks.html", page, status=422 if refused else 200)


def _wished(request: TeamRequest) -> dict[str, object]:
    """What the link named: the missing amount, the limit that is too narrow."""
    wished: dict[str, object] = {"limit": request.GET.get("limit", "")}
    with suppress(ValueError):
        wished["amount"] = plain_credits(parse_credits(request.GET.get("amount", "")))
    return wished
