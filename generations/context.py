from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import AskKind, User
from accounts.services import asks
from generations import approving


def decisions(request: HttpRequest) -> dict[str, Any]:
    """What waits for this person to decide, for the navigation. Lazy, as the shell is."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    person = cast("User", user)
    return {
        "approvals_waiting": SimpleLazyObject(lambda: approving.waiting_for(person)),
        "asks_waiting": SimpleLazyObject(lambda: asks.waiting(AskKind.CREDITS).count()),
    }
