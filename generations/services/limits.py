"""Limits that count what their present period has seen before they were made."""

from django.db.models import QuerySet

from accounts.models import ApiToken, Budget, Hold, Period, Team, User
from accounts.services import budgets, counting_in


def set_limit(
    *,
    by: User,
    team: Team,
    period: Period,
    amount: int,
    member: User | None = None,
    token: ApiToken | None = None,
    model: str = "",
) -> Budget:
    """Make or change a limit, as `budgets.set_limit`; what was spent already counts in it.

    Raises NotAllowed, LimitNotCounted.
    """
    budget = budgets.set_limit(
        by=by, team=team, period=period, amount=amount, member=member, token=token, model=model
    )
    counting_in.count_in(budget, _holds_of(budget))
    return budget


def _holds_of(budget: Budget) -> QuerySet[Hold]:
    """Whatever would count in the limit, had it been there for ever."""
    found = Hold.objects.filter(account__team=budget.team_id)
    if budget.member_id:
        found = found.filter(request__user=budget.member_id)
    if budget.token_id:
        found = found.filter(request__token=budget.token_id)
    return found.filter(request__model=budget.model) if budget.model else found
