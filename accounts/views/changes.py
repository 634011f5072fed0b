"""The operators' pages about teams' credits: correcting them, and agreeing to large changes."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import changed
from accounts.access import SignedInRequest, keeper_required
from accounts.change_forms import TEAM_FORMS, ChangeDecisionForm, ChangeForm
from accounts.errors import AccountsError
from accounts.models import CreditChange, Team
from accounts.services import changes, ledger


@require_safe
@never_cache
@keeper_required
def credit_changes(request: SignedInRequest) -> HttpResponse:
    return _list(request)


@require_http_methods(["GET", "POST"])
@never_cache
@keeper_required
def team_credits(request: SignedInRequest, slug: str) -> HttpResponse:
    """Say a change, see what it does to the balance, then do it."""
    team = get_object_or_404(Team, slug=slug)
    if request.method != "POST":
        return _team(request, team)
    form = TEAM_FORMS.get(request.POST.get("kind", ""), TEAM_FORMS["adjust"])(request.POST)
    if not form.is_valid() or "back" in request.POST:
        return _team(request, team, form)
    if "confirmed" not in request.POST:
        return _check(request, team, form)
    try:
        made = changes.make(by=request.user, draft=form.draft(team))
    except AccountsError as error:
        form.add_error(None, str(error))
        return _team(request, team, form)
    messages.success(request, changes.said(made))
    return redirect("team-credits", team.slug)


@require_POST
@keeper_required
def change_decide(request: SignedInRequest, change_id: UUID) -> HttpResponse:
    change = get_object_or_404(CreditChange, pk=change_id)
    mine = change.by_id == request.user.pk
    form = ChangeDecisionForm(request.POST, change=change, is_mine=mine)
    if form.is_valid():
        note = form.cleaned_data["note"]
        try:
            made = changes.decide(by=request.user, change=change, agrees=form.agrees, note=note)
        except AccountsError as error:
            form.add_error(None, str(error))
            change.refresh_from_db()
        else:
            messages.success(request, changes.said(made))
            return redirect("credit-changes")
    return _list(request, {change.pk: form}) if change.is_waiting else _quicker(request, form)


def _quicker(request: SignedInRequest, form: ChangeDecisionForm) -> HttpResponse:
    messages.info(
        request, " ".join(map(str, form.non_field_errors())) or "It was decided meanwhile."
    )
    return redirect("credit-changes")


def _check(request: SignedInRequest, team: Team, form: ChangeForm) -> HttpResponse:
    draft = form.draft(team)
    effect = changed.effect_of(draft)
    if effect.after.available < 0:
        form.add_error("amount", str(changed.refusal(draft, effect)))
        return _team(request, team, form)
    page = {"subject": team, "form": form, "draft": draft, "effect": effect}
    page["takes_two"] = changes.takes_two(request.user, draft)
    return render(request, "accounts/team_credits_check.html", page)


def _team(request: SignedInRequest, team: Team, form: ChangeForm | None = None) -> HttpResponse:
    forms = {kind: made() for kind, made in TEAM_FORMS.items()}
    page = {
        "subject": team,
        "account": ledger.balance(team=team),
        "adjustment_limit": settings.ADJUSTMENT_LIMIT,
        "forms": forms | ({form.kind: form} if form else {}),
        "waiting": changed.waiting(request.user, team),
        "ended": changed.ended(team),
    }
    status = 422 if form and form.errors else 200
    return render(request, "accounts/team_credits.html", page, status=status)


def _list(
    request: SignedInRequest, bound: dict[UUID, ChangeDecisionForm] | None = None
) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    found, count = changed.teams(words)
    page = {
        "words": words,
        "found": found,
        "count": count,
        "waiting": changed.waiting(request.user, bound=bound),
        "ended": changed.ended(),
    }
    return render(request, "accounts/credit_changes.html", page, status=422 if bound else 200)
