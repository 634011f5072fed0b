from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.http import require_POST

from accounts.context import THEMES
from accounts.views.redirects import to_next


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "")
    if chosen not in (*THEMES, "system"):
        return HttpResponseBadRequest("The theme is light, dark or system.")
    response = to_next(request)
    response.set_cookie(
        "theme",
        chosen,
        max_age=timedelta(days=365),
        samesite="Lax",
        secure=request.is_secure(),
        httponly=True,
    )
    return response
