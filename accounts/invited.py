"""The invitation a browser came with, kept in its session while the person signs in or up."""

from django.http import HttpRequest

from accounts.models import Invitation
from accounts.services import invitations

SESSION_KEY = "invitation"


def remember(request: HttpRequest, secret: str) -> None:
    request.session[SESSION_KEY] = secret


def forget(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def secret_of(request: HttpRequest) -> str:
    return str(request.session.get(SESSION_KEY, ""))


def waiting(request: HttpRequest) -> Invitation | None:
    """None also when the invitation has ended meanwhile."""
    secret = secret_of(request)
    invitation = invitations.find(secret) if secret else None
    return invitation if invitation and invitation.is_pending else None
