from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.access import TeamRequest, team_required
from accounts.models import CreditAccount
from accounts.permissions import Permission
from accounts.services import entries
from accounts.services.entries import Line
from generations import ledger_lines
from generations.services import exports
from generations.services import statement as statements
from generations.services.statement import Month, Tally
from generations.views import downloads
from generations.views.fragments import is_fragment
from generations.views.sound_books import of_sound_books

PAGE = 200


@require_safe
@team_required(Permission.VIEW_LEDGER)
@of_sound_books()
def statement(request: TeamRequest, month: Month, account: CreditAccount) -> HttpResponse:
    """A month of the ledger: what was there, every entry, what is left."""
    return render(request, "generations/statement.html", _whole(request, account, month))


@require_safe
@vary_on_headers("HX-Request")
@team_required(Permission.VIEW_LEDGER)
@of_sound_books()
def statement_file(request: TeamRequest, month: Month, account: CreditAccount) -> HttpResponse:
    """What the month's file is, which takes reading all of it; with the page, or for it."""
    context = _file(account, month)
    if is_fragment(request):
        return render(request, "generations/_statement_file.html", context)
    page = _whole(request, account, month) | context
    return render(request, "generations/statement.html", page)


@require_safe
@team_required(Permission.VIEW_LEDGER)
@of_sound_books()
def statement_csv(
    request: TeamRequest, month: Month, account: CreditAccount
) -> StreamingHttpResponse:
    """The month as a file, of which is remembered that it was given out."""
    tally = Tally()
    written = downloads.write(
        statements.csv_chunks(account, since=month.since, until=month.until, tally=tally)
    )
    made = exports.Made(written.digest.hex(), tally)
    exports.remember(team=request.team, month=month, made=made, to=request.user)
    return downloads.csv(written, name=f"{request.team.slug}-{month}")


def _whole(request: TeamRequest, account: CreditAccount, month: Month) -> dict[str, Any]:
    after = request.GET.get("after", "")
    lines = _page(account, month, after=after)
    found = [ledger_lines.of_entry(line, viewer=request.user) for line in lines]
    return {
        **_frame(account, month),
        "lines": found[:PAGE],
        "is_first": not after,
        "further": found[PAGE - 1].entry_id if len(found) > PAGE else None,
        "reserved": ledger_lines.reserved(account, viewer=request.user, at=month.until),
    }


def _file(account: CreditAccount, month: Month) -> dict[str, Any]:
    """The file as it would be sent now, beside what was given out."""
    file = exports.make(account, month)
    is_over = entries.has_ended(month.until)
    given = exports.compare(account, month, file) if is_over else None
    return {"month": month, "file": file, "given": given}


def _frame(account: CreditAccount, month: Month) -> dict[str, Any]:
    """What stands around the entries."""
    totals = statements.totals_by_kind(account, since=month.since, until=month.until)
    opening = entries.balance_at(account, month.since)
    return {
        "month": month,
        "is_over": entries.has_ended(month.until),
        "is_last": month.until > timezone.now(),
        "totals": totals,
        "opening": opening,
        "came": sum(total.came for total in totals),
        "went": sum(total.went for total in totals),
        "closing": opening + sum(total.came - total.went for total in totals),
    }


def _page(account: CreditAccount, month: Month, *, after: str) -> list[Line]:
    """As many of the month's entries as a page holds and one more, oldest first."""
    bounds = {"since": month.since, "until": month.until}
    before = entries.in_period(account, **bounds).filter(pk=after if after.isdecimal() else 0)
    last = next(iter(entries.with_balances(account, before)), None)
    shown = entries.oldest(account, limit=PAGE + 1, after=last.entry if last else None, **bounds)
    opening = last.balance if last else entries.balance_at(account, month.since)
    return list(entries.running(account, ledger_lines.with_requests(shown), opening=opening or 0))
