"""What the operators' page of asks shows: the open ones with what decides about them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.ask_forms import AskDecisionForm
from accounts.models import AskKind, CreditRequest, User
from accounts.services import asks, changes, ledger

SHOWN = 20


def page(user: User, bound: Mapping[UUID, AskDecisionForm]) -> dict[str, Any]:
    """The context of the page; `bound` are forms that were refused."""
    open_ones = asks.waiting(AskKind.CREDITS)
    ended = CreditRequest.objects.filter(kind=AskKind.CREDITS, decided_at__isnull=False)
    decided = ended.select_related("by", "team", "decided_by").order_by("-decided_at")
    return {
        "rows": _rows(list(open_ones[:SHOWN]), user, bound),
        "count": open_ones.count(),
        "decided": decided[:SHOWN],
        "adjustment_limit": settings.ADJUSTMENT_LIMIT,
    }


def _rows(
    shown: list[CreditRequest], user: User, bound: Mapping[UUID, AskDecisionForm]
) -> list[dict[str, Any]]:
    seconds = {one.ask_id: one for one in changes.waiting().filter(ask__in=shown)}
    return [
        {
            "ask": one,
            "form": bound.get(one.pk) or AskDecisionForm(ask=one),
            "balance": ledger.balance(team=one.team),
            "is_mine": one.by_id == user.pk,
            "second": seconds.get(one.pk),
        }
        for one in shown
    ]
