from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_required
from accounts.models import CreditAccount
from accounts.permissions import Permission
from accounts.services import entries
from generations.services import statement
from generations.views import downloads, sources, spending


@require_safe
@team_required(Permission.VIEW_IMAGES)
def usage(request: TeamRequest) -> HttpResponse:
    """What the team spends; for a member, what they spend themselves."""
    account = entries.account_of(request.team)
    context = spending.usage_page(request, account) if account else {}
    if spending.sees_team(request):
        context |= sources.plan_of(request.team)
    return render(request, "generations/usage.html", context)


@require_safe
@team_required(Permission.VIEW_IMAGES)
def ledger(request: TeamRequest) -> HttpResponse:
    account = entries.account_of(request.team)
    if account is None:
        return redirect("usage")  # It says that the team has no credits yet.
    return render(request, "generations/ledger.html", spending.ledger_page(request, account))


@require_safe
@team_required(Permission.VIEW_IMAGES)
def ledger_csv(request: TeamRequest) -> StreamingHttpResponse:
    """The entries that the ledger's page would show, as a file; a member's hold their own alone."""
    period = spending.chosen_period(request)
    everything = request.GET.get("period") == "all"
    chunks = statement.csv_chunks(
        _account(request),
        since=entries.BEGINNING if everything else entries.start_of(period.since),
        until=timezone.now(),
        user=spending.only(request),
        where=spending.ledger_form(request).where,
    )
    name = f"{request.team.slug}-{'all' if everything else period.key}-{period.until}"
    return downloads.csv(downloads.write(chunks), name=name)


def _account(request: TeamRequest) -> CreditAccount:
    account = entries.account_of(request.team)
    if account is None:
        raise Http404
    return account
