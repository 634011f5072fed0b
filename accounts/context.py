"""What the shell around every page shows. Lazy, so that fragments that do not ask do not query."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import memberships, shown_membership
from accounts.models import Membership, Team, User
from accounts.permissions import Permission, permissions_of

THEMES = ("light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get("theme", "")
    page: dict[str, Any] = {
        "sandbox": settings.USE_SANDBOX,
        "theme": theme if theme in THEMES else "",
    }
    # An error page may be drawn before the session was read.
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        page |= _team_context(request)
    return page


def _team_context(request: HttpRequest) -> dict[str, Any]:
    membership = cache(lambda: shown_membership(request))
    return {
        "team": SimpleLazyObject(lambda: membership().team),
        "teams": SimpleLazyObject(lambda: _teams(request)),
        # Whom a page that refuses something names as the ones to ask.
        "owners": SimpleLazyObject(lambda: list(User.objects.owners_of(membership().team))),
        "can": SimpleLazyObject(lambda: allowed(membership())),
    }


def _teams(request: HttpRequest) -> list[Team]:
    """By name, the personal one last."""
    found = [membership.team for membership in memberships(request)]
    return sorted(found, key=lambda team: (team.is_personal, team.name.casefold(), team.pk))


def allowed(membership: Membership) -> dict[str, bool]:
    """Each permission by name, for templates: `can.generate`."""
    granted = permissions_of(membership)
    return {permission.value: permission in granted for permission in Permission}
