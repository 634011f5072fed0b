"""Which team a page is about, and whether this person may. Outsiders find nothing (404)."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.errors import NotAllowed
from accounts.models import Membership, Team, User
from accounts.permissions import Permission, permissions_of
from accounts.services import staff, teams

SESSION_KEY = "team_id"

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


class SignedInRequest(HttpRequest):
    user: User
    memberships: list[Membership]


class TeamRequest(SignedInRequest):
    team: Team
    membership: Membership


def signed_in(
    view: Callable[Concatenate[SignedInRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], R]:
    return cast("Callable[Concatenate[HttpRequest, P], R]", login_required(view))


def signed_in_or_404(
    view: Callable[Concatenate[SignedInRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], R]:
    """As `signed_in`, where even being sent to sign in would say too much: nothing is found."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not request.user.is_authenticated:
            raise Http404
        return view(cast("SignedInRequest", request), *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], R]", guarded)


def staff_required(
    view: Callable[Concatenate[SignedInRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let the view run for whoever operates this Darkroom; others find nothing there."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        scoped = cast("SignedInRequest", request)
        if not staff.is_staff(scoped.user):
            raise Http404
        return view(scoped, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", login_required(guarded))


def keeper_required(
    view: Callable[Concatenate[SignedInRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """As `staff_required`, and of those only for who may change credits by hand."""

    @wraps(view)
    def guarded(request: SignedInRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not staff.is_keeper(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return staff_required(cast("Callable[Concatenate[SignedInRequest, P], HttpResponse]", guarded))


def team_required(
    permission: Permission,
) -> Callable[
    [Callable[Concatenate[TeamRequest, P], R]],
    Callable[Concatenate[HttpRequest, P], R],
]:
    """Let the view run with `request.team` and `request.membership`, if the role there covers it.

    The team is the one a form names in its field `team`, else the one that the page was drawn for
    which asks for a part of itself (two tabs may show two teams), else the current one.
    """

    def decorator(
        view: Callable[Concatenate[TeamRequest, P], R],
    ) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> R:
            scoped = cast("TeamRequest", request)
            scoped.membership = _named_membership(scoped) or current_membership(scoped)
            scoped.team = scoped.membership.team
            if permission not in permissions_of(scoped.membership):
                raise PermissionDenied
            try:
                return view(scoped, *args, **kwargs)
            except NotAllowed as error:
                raise PermissionDenied from error

        return cast("Callable[Concatenate[HttpRequest, P], R]", login_required(guarded))

    return decorator


def current_team(request: HttpRequest) -> Team:
    """The team this person works in now."""
    return current_membership(request).team


def current_membership(request: HttpRequest) -> Membership:
    """The one chosen in this session while it lasts, else the oldest shared, else the personal."""
    user = cast("User", request.user)
    mine = memberships(request)
    chosen = [one for one in mine if str(one.team_id) == request.session.get(SESSION_KEY)]
    if not mine:
        personal = teams.create_personal_team(user)
        mine.append(Membership.objects.select_related("team").get(user=user, team=personal))
    return (chosen or mine)[0]


def memberships(request: HttpRequest) -> list[Membership]:
    """All of this person's, with their teams; asked for once a request."""
    asked = cast("SignedInRequest", request)
    if not hasattr(asked, "memberships"):
        asked.memberships = list(Membership.objects.for_user(asked.user))
    return asked.memberships


def granted_in(request: HttpRequest, team: Team) -> frozenset[Permission]:
    """What this person may do in that team."""
    found = [one for one in memberships(request) if one.team_id == team.pk]
    return permissions_of(found[0]) if found else frozenset()


def shown_membership(request: HttpRequest) -> Membership:
    """The one that a page is drawn for: its view's, else the current one."""
    return getattr(request, "membership", None) or current_membership(request)


def switch_team(request: HttpRequest, team: Team) -> None:
    request.session[SESSION_KEY] = str(team.pk)


def find_membership(request: HttpRequest, slug: str) -> Membership:
    """This person's membership in the team of that slug, or 404."""
    for membership in memberships(request):
        if membership.team.slug == slug:
            return membership
    raise Http404


def _named_membership(request: HttpRequest) -> Membership | None:
    slug = request.POST.get("team") or request.headers.get("Darkroom-Team")
    return find_membership(request, slug) if slug else None
