"""Comparison runs: asking several models at once, watching them, picking the best."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import SignedInRequest, TeamRequest, granted_in, signed_in, team_required
from accounts.errors import AccountsError, CannotSpend, NotAllowed
from accounts.money import say_credits
from accounts.permissions import Permission
from generations import contest
from generations.agreed_form import microcredits
from generations.comparison_form import ComparisonForm
from generations.contest import Contest
from generations.errors import Dearer, GenerationsError, InvalidRequest
from generations.models import Comparison, Image
from generations.services import comparisons
from generations.views import lineups
from generations.views.compare_links import address
from generations.views.fragments import is_fragment
from generations.views.keyset import before

PAGE = 12


@team_required(Permission.VIEW_IMAGES)
def recent(request: TeamRequest) -> HttpResponse:
    """One's own runs in this team, newest first."""
    mine = Comparison.objects.visible_to(request.user).filter(team=request.team, user=request.user)
    found = list(mine.older_than(before(request))[: PAGE + 1])
    sees_ledger = Permission.VIEW_LEDGER in granted_in(request, request.team)
    context = {
        "contests": contest.present(found[:PAGE], to=request.user, sees_ledger=sees_ledger),
        "before": found[PAGE - 1].pk if len(found) > PAGE else "",
    }
    return render(request, "generations/comparisons.html", context)


@require_http_methods(["GET", "POST"])
@team_required(Permission.GENERATE)
def new(request: TeamRequest) -> HttpResponse:
    if request.method == "POST":
        return _start(request)
    context = lineups.context(request, lineups.fresh(request))
    return render(request, "generations/comparison_new.html", context)


@require_POST
@team_required(Permission.GENERATE)
def price(request: TeamRequest) -> HttpResponse:
    """What all of it would cost now: the parts of the page that say so, or the page."""
    context = lineups.context(request, lineups.bound(request))
    name = "_run_price" if is_fragment(request) else "comparison_new"
    return render(request, f"generations/{name}.html", context)


@require_safe
@signed_in
def comparison(request: SignedInRequest, comparison_id: UUID) -> HttpResponse:
    shown = _find(request, comparison_id)
    return render(request, "generations/comparison.html", _page(request, shown))


@require_safe
@signed_in
def cell(request: SignedInRequest, comparison_id: UUID, position: int) -> HttpResponse:
    """One model's part, which a page fetches anew while it is made."""
    return _cell(request, _find(request, comparison_id), position)


@require_POST
@signed_in
def retry(request: SignedInRequest, comparison_id: UUID, request_id: UUID) -> HttpResponse:
    """Once more what came to nothing, at the price that its button said."""
    shown = _find(request, comparison_id)
    wanted = get_object_or_404(shown.cells.all(), request=request_id)
    agreed = microcredits(request.POST.get("agreed", ""))
    try:
        made = comparisons.retry(by=request.user, cell=wanted, agreed=agreed)
        if made.is_open:
            messages.success(request, f"Trying again; {say_credits(made.hold.amount)} reserved.")
    except NotAllowed as error:
        raise PermissionDenied from error
    except (GenerationsError, AccountsError) as error:
        messages.error(request, f"Nothing was sent or charged. {error}")
    if not is_fragment(request):
        return _to_cell(shown, wanted.position)
    return _cell(request, shown, wanted.position, asked_again=True)


@require_POST
@signed_in
def winner(request: SignedInRequest, comparison_id: UUID, position: int) -> HttpResponse:
    shown = _find(request, comparison_id)
    images = Image.objects.visible_to(request.user).filter(
        request__comparison_cell__comparison=shown,
        request__comparison_cell__position=position,
        request__comparison_cell__replaced_at=None,
    )
    image = get_object_or_404(images)
    try:
        comparisons.pick(by=request.user, comparison=shown, image=image)
    except NotAllowed as error:
        raise PermissionDenied from error
    return _to_cell(shown, position)


def _start(request: TeamRequest) -> HttpResponse:
    form = lineups.bound(request)
    if not form.is_valid():
        return _refused(request, form)
    try:
        made = comparisons.start(
            by=request.user,
            team=request.team,
            wanted=form.wanted,
            idempotency_key=form.cleaned_data["idempotency_key"],
            agreed=form.agreed_to,
        )
    except Dearer as error:
        return _refused(request, form, dearer=str(error))
    except (GenerationsError, CannotSpend) as error:
        form.show(error.errors if isinstance(error, InvalidRequest) else {"": str(error)})
        return _refused(request, form)
    return redirect("comparison", made.pk)


def _refused(request: TeamRequest, form: ComparisonForm, *, dearer: str = "") -> HttpResponse:
    """The page with words next to the fields and everything that was typed."""
    context = lineups.context(request, form) | {"dearer": dearer}
    return render(request, "generations/comparison_new.html", context, status=422)


def _find(request: SignedInRequest, comparison_id: UUID) -> Comparison:
    return get_object_or_404(Comparison.objects.visible_to(request.user), pk=comparison_id)


def _to_cell(shown: Comparison, position: int) -> HttpResponse:
    return redirect(f"{reverse('comparison', args=[shown.pk])}#cell-{position}")


def _cell(
    request: SignedInRequest, shown: Comparison, position: int, **more: object
) -> HttpResponse:
    context = _page(request, shown)
    cells = {one.position: one for one in context["contest"].cells}
    if position not in cells:
        raise Http404
    more["cell"] = cells[position]
    return render(request, "generations/_cell_news.html", context | more)


def _page(request: SignedInRequest, shown: Comparison) -> dict[str, Any]:
    granted = granted_in(request, shown.team)
    sees_ledger = Permission.VIEW_LEDGER in granted
    found: Contest = contest.present([shown], to=request.user, sees_ledger=sees_ledger)[0]
    if Permission.GENERATE in granted:
        found = contest.priced(found, by=request.user)
    return {
        "contest": found,
        "closer_url": address(found.closer, back=reverse("comparison", args=[shown.pk]))
        if found.closer
        else "",
        "may_pick": Permission.ORGANISE in granted,
    }
