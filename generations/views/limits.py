from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, team_required
from accounts.permissions import Permission
from accounts.services import budgets
from generations import catalog
from generations.limit_form import LimitForm


@require_http_methods(["GET", "POST"])
@never_cache
@team_required(Permission.MANAGE_TEAM)
def limits(request: TeamRequest) -> HttpResponse:
    form = LimitForm(request.POST or None, team=request.team)
    if form.is_valid():
        budgets.set_limit(by=request.user, team=request.team, **form.cleaned_data)
        messages.success(request, "The limit is set.")
        return redirect("team-limits")
    page = {"form": form, "limits": _rows(request)}
    return render(request, "generations/limits.html", page, status=422 if form.is_bound else 200)


@require_POST
@team_required(Permission.MANAGE_TEAM)
def limit_end(request: TeamRequest, budget_id: int) -> HttpResponse:
    budget = get_object_or_404(request.team.budgets, pk=budget_id, ended_at__isnull=True)
    budgets.end_limit(by=request.user, budget=budget)
    messages.success(request, "The limit is gone.")
    return redirect("team-limits")


def _rows(request: TeamRequest) -> list[dict[str, object]]:
    """Each limit in force, with what its present period leaves of it."""
    active = request.team.budgets.filter(ended_at__isnull=True).select_related("member")
    return [
        {
            "room": room,
            "budget": room.budget,
            "model_name": catalog.get_model(room.budget.model).name if room.budget.model else "",
        }
        for room in budgets.rooms(active.order_by("member", "created_at"))
    ]
