from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.errors import SignInLinkUnusable
from accounts.services import sign_in, users


@require_GET
@never_cache
def login_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        user = sign_in.redeem(token)
    except SignInLinkUnusable as error:
        return render(request, "accounts/link_gone.html", {"problem": error}, status=410)
    login(request, user)
    return redirect("welcome" if users.needs_setup(user) else "create")
