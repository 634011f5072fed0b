"""The team's own page. A row of another team is not found; who may change one, services decide."""

from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, team_required
from accounts.errors import LastOwner, NotAMember
from accounts.forms import ApprovalForm, FailoverForm, InviteForm, RoleForm, TeamForm
from accounts.permissions import Permission, assignable_roles
from accounts.services import invitations, teams

NEW_LINK = "new_invitation_link"


@require_http_methods(["GET", "POST"])
@never_cache
@team_required(Permission.VIEW_IMAGES)
def team_settings(request: TeamRequest) -> HttpResponse:
    form = TeamForm(request.POST or None, initial={"name": request.team.name})
    if form.is_valid():
        teams.rename(by=request.user, team=request.team, name=form.cleaned_data["name"])
        messages.success(request, "Saved.")
        return redirect("team-settings")
    return _page(request, team_form=form)


@require_POST
@team_required(Permission.MANAGE_TEAM)
def team_approval(request: TeamRequest) -> HttpResponse:
    form = ApprovalForm(request.POST)
    if not form.is_valid():
        return _page(request, approval_form=form)
    teams.set_approval(by=request.user, team=request.team, **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect("team-settings")


@require_POST
@team_required(Permission.MANAGE_TEAM)
def team_failover(request: TeamRequest) -> HttpResponse:
    form = FailoverForm(request.POST)
    form.full_clean()
    teams.set_failover(by=request.user, team=request.team, **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect("team-settings")


@require_POST
@team_required(Permission.MANAGE_MEMBERS)
def team_invite(request: TeamRequest) -> HttpResponse:
    form = InviteForm(request.POST, roles=assignable_roles(request.membership))
    if not form.is_valid():
        return _page(request, invite_form=form)
    invitation, secret = invitations.invite(by=request.user, team=request.team, **form.cleaned_data)
    link = request.build_absolute_uri(reverse("invitation", args=[secret]))
    if invitation.email and not invitations.mail(invitation=invitation, link=link):
        messages.warning(request, "The mail could not be sent: pass the link on yourself.")
    request.session[NEW_LINK] = link
    return redirect("team-settings")


@require_POST
@team_required(Permission.VIEW_IMAGES)
def invitation_revoke(request: TeamRequest, invitation_id: UUID) -> HttpResponse:
    invitation = get_object_or_404(request.team.invitations, pk=invitation_id)
    invitations.revoke(by=request.user, invitation=invitation)
    messages.success(request, "The invitation was taken back.")
    return redirect("team-settings")


@require_POST
@team_required(Permission.VIEW_IMAGES)
def member_role(request: TeamRequest, membership_id: UUID) -> HttpResponse:
    membership = get_object_or_404(request.team.memberships, pk=membership_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "There is no such role.")
        return redirect("team-settings")
    try:
        teams.change_role(
            by=request.user, team=request.team, user=membership.user, **form.cleaned_data
        )
    except (LastOwner, NotAMember) as error:
        messages.error(request, str(error))
    return redirect("team-settings")


@require_POST
@team_required(Permission.VIEW_IMAGES)
def member_remove(request: TeamRequest, membership_id: UUID) -> HttpResponse:
    """Everyone may remove themselves."""
    membership = get_object_or_404(request.team.memberships, pk=membership_id)
    leaving = membership.user == request.user
    try:
        teams.remove_member(by=request.user, team=request.team, user=membership.user)
    except (LastOwner, NotAMember) as error:
        messages.error(request, str(error))
        return redirect("team-settings")
    return redirect("create" if leaving else "team-settings")


def _page(request: TeamRequest, **tried: Form) -> HttpResponse:
    """With the forms that were sent and refused in the place of fresh ones."""
    roles = assignable_roles(request.membership)
    page = {
        "members": request.team.memberships.select_related("user").order_by("created_at"),
        "invitations": request.team.invitations.pending(),
        "roles": roles,
        "team_form": TeamForm(initial={"name": request.team.name}),
        "invite_form": InviteForm(roles=roles),
        "failover_form": FailoverForm(initial={"allowed": request.team.allow_failover}),
        "approval_form": ApprovalForm.of(request.team),
        "new_link": request.session.pop(NEW_LINK, ""),
    }
    refused = any(form.is_bound for form in tried.values())
    return render(request, "accounts/settings.html", page | tried, status=422 if refused else 200)
