"""What the frame around every page shows of a team, and of what waits for this person."""

from dataclasses import dataclass

from django.db.models import F, IntegerField, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import AskKind, Team, User
from accounts.services import asks
from accounts.services.ledger import Balance
from generations import approving


@dataclass(frozen=True, slots=True)
class Frame:
    balance: Balance
    approvals: int
    asks: int


class _Count(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def of(*, team: Team, user: User) -> Frame:
    """In one query, since every page asks."""
    account = (F(f"credit_account__{name}") for name in ("posted", "held", "overdraft"))
    credit_asks = asks.waiting(AskKind.CREDITS).order_by().values("pk")
    *amounts, approvals, asked = Team.objects.values_list(
        *(Coalesce(column, 0) for column in account),
        _Count(approving.waiting_for(user)),
        _Count(credit_asks) if user.is_staff else Value(0),
    ).get(pk=team.pk)
    return Frame(Balance(*amounts), approvals, asked)
