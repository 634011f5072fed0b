from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import shown_membership
from accounts.models import AskKind, User
from accounts.services import asks
from generations import approving, shelves


def decisions(request: HttpRequest) -> dict[str, Any]:
    """For the navigation, lazily: what waits for this person to decide, and the collections."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    person = cast("User", user)
    return {
        "approvals_waiting": SimpleLazyObject(lambda: approving.waiting_for(person)),
        "collections": SimpleLazyObject(
            lambda: shelves.names(team=shown_membership(request).team, user=person)
        ),
        "asks_waiting": SimpleLazyObject(lambda: asks.waiting(AskKind.CREDITS).count()),
    }
