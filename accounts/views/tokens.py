"""The API tokens of the current team: one's own, and for its owners everybody's."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, team_required
from accounts.models import ApiToken
from accounts.permissions import Permission, permissions_of
from accounts.querysets import ApiTokenQuerySet
from accounts.services import tokens
from accounts.token_form import TokenForm


@require_http_methods(["GET", "POST"])
@never_cache
@team_required(Permission.GENERATE)
def api_tokens(request: TeamRequest) -> HttpResponse:
    form = TokenForm(request.POST or None)
    if form.is_valid():
        return _made(request, form)
    return _page(request, form=form, status=422 if form.is_bound else 200)


@require_POST
@team_required(Permission.GENERATE)
def token_revoke(request: TeamRequest, token_id: UUID) -> HttpResponse:
    token = get_object_or_404(_seen(request), pk=token_id)
    tokens.revoke(by=request.user, token=token)
    messages.success(request, f"“{token.name}” no longer opens anything.")
    return redirect("api-tokens")


@sensitive_variables("secret")
def _made(request: TeamRequest, form: TokenForm) -> HttpResponse:
    # Shown in this very answer: to redirect, the secret would have to be kept somewhere.
    token, secret = tokens.create(by=request.user, team=request.team, **form.cleaned_data)
    return _page(request, form=TokenForm(), new_token=token, secret=secret)


def _page(
    request: TeamRequest,
    *,
    form: TokenForm,
    new_token: ApiToken | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    page = {
        "form": form,
        "new_token": new_token,
        "secret": secret,
        "tokens": _seen(request),
        "sees_everyones": _sees_everyones(request),
        "address": request.build_absolute_uri("/v1"),
    }
    return render(request, "accounts/tokens.html", page, status=status)


def _seen(request: TeamRequest) -> ApiTokenQuerySet:
    return ApiToken.objects.seen_by(request.user, request.team, everyones=_sees_everyones(request))


def _sees_everyones(request: TeamRequest) -> bool:
    return Permission.MANAGE_TEAM in permissions_of(request.membership)
