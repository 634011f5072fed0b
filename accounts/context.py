"""What the shell around every page shows. Lazy, so that fragments that do not ask do not query."""

from functools import cache
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import current_membership
from accounts.models import Membership, Team, User
from accounts.permissions import Permission, permissions_of
from accounts.services import ledger

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
        page |= _team_context(request, cast("User", user))
    return page


def _team_context(request: HttpRequest, user: User) -> dict[str, Any]:
    membership = cache(lambda: _membership(request))
    return {
        "team": SimpleLazyObject(lambda: membership().team),
        "teams": SimpleLazyObject(lambda: list(Team.objects.for_user(user))),
        "balance": SimpleLazyObject(lambda: ledger.balance(team=membership().team)),
        # Whom a page that refuses something names as the ones to ask.
        "owners": SimpleLazyObject(lambda: list(User.objects.owners_of(membership().team))),
        "can": SimpleLazyObject(lambda: allowed(membership())),
    }


def _membership(request: HttpRequest) -> Membership:
    return getattr(request, "membership", None) or current_membership(request)


def allowed(membership: Membership) -> dict[str, bool]:
    """Each permission by name, for templates: `can.generate`."""
    granted = permissions_of(membership)
    return {permission.value: permission in granted for permission in Permission}
