"""The database is away, full or read-only: which errors say so, and the page that people get."""

import sys

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.defaults import server_error

RETRY_AFTER = 5  # seconds
# The same may work as soon as the database is itself again. A server that only reads, as a full
# disk or a change of servers leaves it, is an InternalError.
AWAY = (OperationalError, InterfaceError, InternalError)


def broke(request: HttpRequest) -> HttpResponse:
    """The page for an error that nobody caught, which Django handles while this runs."""
    if not isinstance(sys.exc_info()[1], AWAY):
        return server_error(request)
    # Without a request: who they are and what they have is in the database.
    page = loader.render_to_string("503.html", {"again": _again(request)})
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER)})


def _again(request: HttpRequest) -> str:
    """Where to try again; a form that was sent is still on the page before."""
    return request.get_full_path() if request.method == "GET" else ""
