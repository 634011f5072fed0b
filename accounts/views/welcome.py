from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest, signed_in, switch_team
from accounts.errors import AlreadySetUp, EmailTaken
from accounts.forms import WelcomeForm
from accounts.services import users


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def welcome(request: SignedInRequest) -> HttpResponse:
    """The first page of an owner who came by a printed link; for everybody else there is none."""
    if not users.needs_setup(request.user):
        return redirect("create")
    form = WelcomeForm(request.POST or None, initial={"email": request.user.email})
    if form.is_valid() and _set_up(request, form):
        return redirect("create")
    page = {"form": form, "key_help": settings.USE_SANDBOX}
    return render(request, "accounts/welcome.html", page, status=422 if form.is_bound else 200)


def _set_up(request: SignedInRequest, form: WelcomeForm) -> bool:
    values = {**form.cleaned_data}
    amount = values.pop("credits")
    try:
        team = users.set_up(owner=request.user, amount=amount, **values)
    except AlreadySetUp:
        return True  # The other click of a double one did it.
    except EmailTaken as error:
        form.add_error("email", str(error))
        return False
    request.user.refresh_from_db()
    # The password is new, which would end this very session.
    update_session_auth_hash(request, request.user)
    switch_team(request, team)
    return True
