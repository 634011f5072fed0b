from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SignedInRequest, find_membership, signed_in, switch_team
from accounts.forms import TeamForm
from accounts.services import teams
from accounts.views.redirects import to_next


@require_POST
@signed_in
def team_switch(request: SignedInRequest) -> HttpResponse:
    switch_team(request, find_membership(request, request.POST.get("team", "")).team)
    return to_next(request)


@require_http_methods(["GET", "POST"])
@signed_in
def team_new(request: SignedInRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if form.is_valid():
        team = teams.create_team(by=request.user, name=form.cleaned_data["name"])
        switch_team(request, team)
        messages.success(request, f"{team} is ready. Invite the people you work with.")
        return redirect("team-settings")
    return render(
        request, "accounts/team_new.html", {"form": form}, status=422 if form.is_bound else 200
    )
