from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import shown_membership
from accounts.models import User
from generations import frame, shelves


def around(request: HttpRequest) -> dict[str, Any]:
    """For the frame of a page, lazily: credits, what waits for this person, and the collections."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    person = cast("User", user)
    return {
        "balance": SimpleLazyObject(lambda: frame.around(request).balance),
        "approvals_waiting": SimpleLazyObject(lambda: frame.around(request).approvals),
        "asks_waiting": SimpleLazyObject(lambda: frame.around(request).asks),
        "changes_waiting": SimpleLazyObject(lambda: frame.around(request).changes),
        "is_keeper": SimpleLazyObject(lambda: frame.around(request).is_keeper),
        "collections": SimpleLazyObject(
            lambda: shelves.names(team=shown_membership(request).team, user=person)
        ),
    }
