from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, team_required
from accounts.errors import LimitNotCounted
from accounts.permissions import Permission
from accounts.services import budgets
from accounts.services import role_limits as limits_of_roles
from generations import role_form
from generations.limit_form import LimitForm
from generations.receipts import model_name
from generations.role_form import RoleForm
from generations.services.limits import set_limit


@require_http_methods(["GET", "POST"])
@never_cache
@team_required(Permission.MANAGE_TEAM)
def limits(request: TeamRequest) -> HttpResponse:
    form = LimitForm(request.POST or None, team=request.team)
    if form.is_valid():
        try:
            set_limit(by=request.user, team=request.team, **form.cleaned_data)
            messages.success(request, "The limit is set.")
        except LimitNotCounted as error:
            messages.warning(request, str(error))
        return redirect("team-limits")
    return _page(request, form=form)


@require_POST
@team_required(Permission.MANAGE_TEAM)
def role_limits(request: TeamRequest) -> HttpResponse:
    roles = role_form.forms_of(request.team, request.POST)
    valid = [form.is_valid() for form in roles]  # each, for its own words
    if not all(valid):
        return _page(request, roles=roles)
    wanted = {form.role: form.most for form in roles}
    limits_of_roles.set_limits(by=request.user, team=request.team, limits=wanted)
    messages.success(request, "The limits of the roles are saved.")
    return redirect("team-limits")


@require_POST
@team_required(Permission.MANAGE_TEAM)
def limit_end(request: TeamRequest, budget_id: int) -> HttpResponse:
    budget = get_object_or_404(request.team.budgets, pk=budget_id, ended_at__isnull=True)
    budgets.end_limit(by=request.user, budget=budget)
    messages.success(request, "The limit is gone.")
    return redirect("team-limits")


def _page(
    request: TeamRequest, *, form: LimitForm | None = None, roles: list[RoleForm] | None = None
) -> HttpResponse:
    """The page with what was typed, and what the present periods leave of each limit in force."""
    form = form or LimitForm(team=request.team)
    rooms = budgets.rooms(budgets.in_force(team=request.team))
    page = {
        "form": form,
        "roles": roles or role_form.forms_of(request.team),
        "limits": [(room, room.budget.model and model_name(room.budget.model)) for room in rooms],
    }
    wrong = form.is_bound or roles is not None
    return render(request, "generations/limits.html", page, status=422 if wrong else 200)
