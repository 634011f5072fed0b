from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import invited
from accounts.access import switch_team
from accounts.errors import InvitationUnusable
from accounts.models import User
from accounts.services import invitations


@require_http_methods(["GET", "POST"])
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites you where. A stranger signs in or up first; the session keeps the invitation."""
    user = request.user if request.user.is_authenticated else None
    if request.method == "POST" and user:
        return _accept(request, user, token)
    return _show(request, user, token)


def _accept(request: HttpRequest, user: User, token: str) -> HttpResponse:
    try:
        team = invitations.accept(by=user, secret=token).team
    except InvitationUnusable:
        return _show(request, user, token)
    invited.forget(request)
    switch_team(request, team)
    messages.success(request, f"You are in {team}.")
    return redirect("create")


def _show(request: HttpRequest, user: User | None, token: str) -> HttpResponse:
    found = invitations.find(token)
    if found is None:
        raise Http404
    problem = invitations.obstacle(invitation=found, user=user)
    if not user and not problem:
        invited.remember(request, token)
    status = 200 if not problem else 403 if found.is_pending else 410
    page = {"invitation": found, "problem": problem}
    return render(request, "accounts/invitation.html", page, status=status)
