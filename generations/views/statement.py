from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_required
from accounts.models import CreditAccount
from accounts.permissions import Permission
from accounts.services import entries
from accounts.services.entries import Line
from generations import ledger_lines
from generations.services import statement as statements
from generations.services.statement import Month
from generations.views import downloads

PAGE = 200


@require_safe
@team_required(Permission.VIEW_LEDGER)
def statement(request: TeamRequest, month: Month) -> HttpResponse:
    """A month of the ledger: what was there, every entry, what is left."""
    account = _account(request, month)
    lines = _page(account, month, after=request.GET.get("after", ""))
    found = [ledger_lines.of_entry(line, viewer=request.user) for line in lines]
    context = {
        **_frame(account, month),
        "lines": found[:PAGE],
        "further": found[PAGE - 1].entry_id if len(found) > PAGE else None,
        "reserved": ledger_lines.reserved(account, viewer=request.user, at=month.until),
    }
    return render(request, "generations/statement.html", context)


@require_safe
@team_required(Permission.VIEW_LEDGER)
def statement_csv(request: TeamRequest, month: Month) -> StreamingHttpResponse:
    return downloads.csv(
        _account(request, month),
        name=f"{request.team.slug}-{month}",
        since=month.since,
        until=month.until,
    )


def _account(request: TeamRequest, month: Month) -> CreditAccount:
    account = entries.account_of(request.team)
    if account is None or month.since > timezone.now():
        raise Http404
    return account


def _frame(account: CreditAccount, month: Month) -> dict[str, Any]:
    """What stands around the entries; the digest is of the file as it would be sent now."""
    totals = statements.totals_by_kind(account, since=month.since, until=month.until)
    opening = entries.balance_at(account, month.since)
    file = statements.csv_chunks(account, since=month.since, until=month.until)
    return {
        "month": month,
        "is_over": entries.has_ended(month.until),
        "is_last": month.until > timezone.now(),
        "totals": totals,
        "opening": opening,
        "came": sum(total.came for total in totals),
        "went": sum(total.went for total in totals),
        "closing": opening + sum(total.came - total.went for total in totals),
        "digest": statements.digest(file),
    }


def _page(account: CreditAccount, month: Month, *, after: str) -> list[Line]:
    """As many of the month's entries as a page holds and one more, oldest first."""
    bounds = {"since": month.since, "until": month.until}
    before = entries.in_period(account, **bounds).filter(pk=after if after.isdecimal() else 0)
    last = next(iter(entries.with_balances(account, before)), None)
    shown = entries.oldest(account, limit=PAGE + 1, after=last.entry if last else None, **bounds)
    opening = last.balance if last else entries.balance_at(account, month.since)
    return list(entries.running(account, ledger_lines.with_requests(shown), opening=opening or 0))
