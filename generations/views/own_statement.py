"""A month of one's own spending, also for those who do not see the team's statement."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_required
from accounts.permissions import Permission
from accounts.services import entries
from generations import ledger_lines
from generations.errors import StatementRefused
from generations.services import exports
from generations.services import statement as statements
from generations.services.own_statement import OwnMonth
from generations.services.statement import Month
from generations.views import downloads

PAGE = 200


def _of_sound_books(
    view: Callable[[TeamRequest, OwnMonth], HttpResponseBase],
) -> Callable[[TeamRequest, Month], HttpResponseBase]:
    """Let the view run for a month that has begun, unless something is wrong in the books."""

    @wraps(view)
    def guarded(request: TeamRequest, month: Month) -> HttpResponseBase:
        account = entries.account_of(request.team)
        if account is None or month.since > timezone.now():
            raise Http404
        try:
            exports.require_sound(account)
        except StatementRefused as error:
            context = {"why": error, "month": month, "is_own": True}
            return render(request, "generations/statement_refused.html", context, status=409)
        return view(request, OwnMonth(account, month, request.user))

    return guarded


@require_safe
@team_required(Permission.VIEW_IMAGES)
@_of_sound_books
def own_statement(request: TeamRequest, own: OwnMonth) -> HttpResponse:
    found = own.page(after=request.GET.get("after", ""), limit=PAGE + 1)
    lines = ledger_lines.of_person(own.account, found, viewer=own.user)
    context = {
        **_figures(own),
        "lines": lines[:PAGE],
        "further": lines[PAGE - 1].entry_id if len(lines) > PAGE else None,
        "reserved": ledger_lines.reserved(
            own.account, viewer=own.user, user=own.user, at=own.month.until
        ),
    }
    return render(request, "generations/own_statement.html", context)


@require_safe
@team_required(Permission.VIEW_IMAGES)
@_of_sound_books
def own_statement_csv(request: TeamRequest, own: OwnMonth) -> HttpResponseBase:
    month = own.month
    chunks = statements.csv_chunks(own.account, since=month.since, until=month.until, user=own.user)
    return downloads.csv(downloads.write(chunks), name=f"{request.team.slug}-{month}-mine")


def _figures(own: OwnMonth) -> dict[str, Any]:
    totals = own.totals()
    charged, back = (sum(getattr(one, side) for one in totals) for side in ("went", "came"))
    return {
        "month": own.month,
        "is_over": entries.has_ended(own.month.until),
        "is_last": own.month.until > timezone.now(),
        "totals": totals,
        "charged": charged,
        "back": back,
        "cost": charged - back,
    }
