"""Moving credits between two teams that a person owns."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import TeamRequest, team_required
from accounts.errors import AccountsError, NotAllowed
from accounts.money import say_credits
from accounts.move_form import MoveForm
from accounts.permissions import Permission
from accounts.services import funds, moving


@require_http_methods(["GET", "POST"])
@never_cache
@team_required(Permission.MANAGE_TEAM)
def credits_move(request: TeamRequest) -> HttpResponse:
    room, teams = moving.room(request.team), moving.others(request.user, request.team)
    form = MoveForm(request.POST or None, teams=teams, movable=room.movable)
    if form.is_valid():
        try:
            said = _move(request, form)
        except NotAllowed:
            raise
        except AccountsError as error:
            form.add_error("amount", str(error))
        else:
            messages.success(request, said)
            return redirect("credits-move")
    page = {"form": form, "room": room, "others": teams}
    status = 422 if form.is_bound else 200
    return render(request, "accounts/credits_move.html", page, status=status)


def _move(request: TeamRequest, form: MoveForm) -> str:
    values = form.cleaned_data
    funds.transfer(
        by=request.user,
        team=request.team,
        to=values["to"],
        amount=values["amount"],
        reason=f"{request.team} to {values['to']}: {values['reason']}",
        reference=str(values["key"]),
    )
    return f"{say_credits(values['amount'])} moved to {values['to']}."
