"""A month of one's own spending, also for those who do not see the team's statement."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_required
from accounts.models import CreditAccount
from accounts.permissions import Permission
from accounts.services import entries
from generations import ledger_lines
from generations.services import statement as statements
from generations.services.own_statement import OwnMonth
from generations.services.statement import Month
from generations.views import downloads
from generations.views.sound_books import of_sound_books

PAGE = 200


@require_safe
@team_required(Permission.VIEW_IMAGES)
@of_sound_books(is_own=True)
def own_statement(request: TeamRequest, month: Month, account: CreditAccount) -> HttpResponse:
    own = OwnMonth(account, month, request.user)
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
@of_sound_books(is_own=True)
def own_statement_csv(
    request: TeamRequest, month: Month, account: CreditAccount
) -> HttpResponseBase:
    chunks = statements.csv_chunks(account, since=month.since, until=month.until, user=request.user)
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
