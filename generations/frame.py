"""What the frame around every page shows of a team, and of what waits for this person."""

from dataclasses import dataclass
from typing import cast

from django.db.models import Exists, F, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from accounts.access import shown_membership
from accounts.models import AskKind, Team, User
from accounts.services import asks, changes, staff
from accounts.services.ledger import Balance
from generations import approving
from generations.counting import Count


@dataclass(frozen=True, slots=True)
class Frame:
    balance: Balance
    approvals: int
    asks: int
    changes: int
    is_keeper: bool  # who decides about changes to credits


class _FramedRequest(HttpRequest):
    frame: Frame


def around(request: HttpRequest) -> Frame:
    """Of the page that this request is answered with; asked for once a request."""
    asked = cast("_FramedRequest", request)
    if not hasattr(asked, "frame"):
        team = shown_membership(request).team
        asked.frame = of(team=team, user=cast("User", request.user))
    return asked.frame


def of(*, team: Team, user: User) -> Frame:
    """In one query, since every page asks."""
    account = (F(f"credit_account__{name}") for name in ("posted", "held", "overdraft"))
    credit_asks = asks.waiting(AskKind.CREDITS).order_by().values("pk")
    seconds = changes.waiting().order_by().values("pk")
    operates = staff.is_staff(user)
    *amounts, approvals, asked, changing, is_keeper = Team.objects.values_list(
        *(Coalesce(column, 0) for column in account),
        Count(approving.waiting_for(user)),
        Count(credit_asks) if operates else Value(0),
        Count(seconds) if operates else Value(0),
        Exists(staff.keepers().filter(pk=user.pk)) if operates else Value(False),
    ).get(pk=team.pk)
    return Frame(Balance(*amounts), approvals, asked, changing, is_keeper)
