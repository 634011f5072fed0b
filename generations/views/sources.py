from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_required
from accounts.models import CreditAccount, Lot, Team
from accounts.permissions import Permission
from accounts.services import entries, lots, plans


@dataclass(frozen=True, slots=True)
class Source:
    """A lot of which something is left, and how much of that requests hold."""

    lot: Lot
    left: int
    held: int
    has_ended: bool

    @property
    def percent(self) -> float:
        return 100 * self.left / self.lot.amount


@require_safe
@team_required(Permission.VIEW_LEDGER)
def sources(request: TeamRequest) -> HttpResponse:
    """Where a team's credits come from, in the order in which they are spent."""
    account = entries.account_of(request.team)
    page = plan_of(request.team) | (_page(account) if account else {})
    return render(request, "generations/sources.html", page)


def plan_of(team: Team) -> dict[str, Any]:
    """The team's plan, if it has one, and the day of its next credits."""
    found = plans.active(team)
    return {"team_plan": found, "next_grant": plans.next_grant(found) if found else None}


def _page(account: CreditAccount) -> dict[str, Any]:
    found = _sources(account, timezone.now())
    ending = [one for one in found if one.lot.expires_at]
    first = min((one.lot.expires_at for one in ending if one.lot.expires_at), default=None)
    return {
        "account": account,
        "balance": account,
        "sources": found,
        "total": sum(one.left for one in found),
        "lasting": sum(one.left for one in found if not one.lot.expires_at),
        "first_end": first,
        "ending_first": sum(one.left for one in ending if one.lot.expires_at == first),
        "owed": max(-account.posted, 0),
    }


def _sources(account: CreditAccount, now: datetime) -> list[Source]:
    found = lots.left(account)
    prefetch_related_objects([one.lot for one in found], "entry")
    return [Source(one.lot, one.amount, one.kept, one.has_ended(now)) for one in found]
