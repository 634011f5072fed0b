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
from generations.errors import StatementRefused
from generations.services import exports
from generations.services import statement as statements
from generations.services.statement import Month, Tally
from generations.views import downloads

PAGE = 200


@require_safe
@team_required(Permission.VIEW_LEDGER)
def statement(request: TeamRequest, month: Month) -> HttpResponse:
    """A month of the ledger: what was there, every entry, what is left."""
    account = _account(request, month)
    try:
        exports.require_sound(account)
    except StatementRefused as error:
        return _refusal(request, month, error)
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
def statement_csv(request: TeamRequest, month: Month) -> HttpResponse | StreamingHttpResponse:
    """The month as a file, of which is remembered that it was given out."""
    account, tally = _account(request, month), Tally()
    try:
        exports.require_sound(account)
    except StatementRefused as error:
        return _refusal(request, month, error)
    written = downloads.write(
        statements.csv_chunks(account, since=month.since, until=month.until, tally=tally)
    )
    made = exports.Made(written.digest.hex(), tally)
    exports.remember(team=request.team, month=month, made=made, to=request.user)
    return downloads.csv(written, name=f"{request.team.slug}-{month}")


def _account(request: TeamRequest, month: Month) -> CreditAccount:
    account = entries.account_of(request.team)
    if account is None or month.since > timezone.now():
        raise Http404
    return account


def _refusal(request: TeamRequest, month: Month, why: StatementRefused) -> HttpResponse:
    context = {"why": why, "month": month}
    return render(request, "generations/statement_refused.html", context, status=409)


def _frame(account: CreditAccount, month: Month) -> dict[str, Any]:
    """What stands around the entries, and the file as it would be sent now."""
    totals = statements.totals_by_kind(account, since=month.since, until=month.until)
    opening = entries.balance_at(account, month.since)
    file = exports.make(account, month)
    is_over = entries.has_ended(month.until)
    return {
        "month": month,
        "is_over": is_over,
        "is_last": month.until > timezone.now(),
        "totals": totals,
        "opening": opening,
        "came": sum(total.came for total in totals),
        "went": sum(total.went for total in totals),
        "closing": opening + sum(total.came - total.went for total in totals),
        "file": file,
        "given": exports.compare(account, month, file) if is_over else None,
    }


def _page(account: CreditAccount, month: Month, *, after: str) -> list[Line]:
    """As many of the month's entries as a page holds and one more, oldest first."""
    bounds = {"since": month.since, "until": month.until}
    before = entries.in_period(account, **bounds).filter(pk=after if after.isdecimal() else 0)
    last = next(iter(entries.with_balances(account, before)), None)
    shown = entries.oldest(account, limit=PAGE + 1, after=last.entry if last else None, **bounds)
    opening = last.balance if last else entries.balance_at(account, month.since)
    return list(entries.running(account, ledger_lines.with_requests(shown), opening=opening or 0))
