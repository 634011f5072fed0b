from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Role, User


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Name the owners, who are the ones to ask."""
    team = getattr(request, "team", None)
    owners = User.objects.filter(memberships__team=team, memberships__role=Role.OWNER)
    return render(request, "403.html", {"owners": owners if team else []}, status=403)
