"""A month of what one person spent in a team: their own entries, without the team's balances."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When

from accounts.models import CreditAccount, LedgerEntry, User
from accounts.services import entries
from generations.services.statement import KindTotal, Month, kind_label


@dataclass(frozen=True, slots=True)
class OwnMonth:
    account: CreditAccount
    month: Month
    user: User

    @property
    def entries(self) -> QuerySet[LedgerEntry]:
        """All of them, oldest first."""
        bounds = {"since": self.month.since, "until": self.month.until}
        return entries.in_period(self.account, **bounds).filter(hold__request__user=self.user)

    def page(self, *, after: str, limit: int) -> QuerySet[LedgerEntry]:
        """The first of them, or the first after one of them."""
        last = self.entries.filter(pk=after if after.isdecimal() else 0).first()
        if last is None:
            return self.entries[:limit]
        later = Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, pk__gt=last.pk)
        return self.entries.filter(later)[:limit]

    def totals(self) -> Sequence[KindTotal]:
        """What was charged and what came back, by kind of entry."""
        back = Case(When(credit=self.account, then=F("amount")), default=Value(0))
        sums = (
            self.entries.order_by()
            .values("kind")
            .annotate(came=Sum(back), all=Sum("amount"))
            .order_by("kind")
        )
        return [
            KindTotal(kind_label(one["kind"]), one["came"], one["all"] - one["came"])
            for one in sums
        ]
