"""Holds of a person, within every limit that applies to them at the moment they are placed."""

from contextlib import suppress

from accounts.errors import LimitsChanged
from accounts.models import ApiToken, Budget, Hold, Team, User
from accounts.services import budgets, ledger

# Each time somebody makes another limit in the same milliseconds.
TRIES = 5


def hold(
    *, by: User, team: Team, model: str, amount: int, reference: str, token: ApiToken | None = None
) -> tuple[Hold, list[Budget]]:
    """Set credits aside for what this person asks for, with the limits that they count in.

    Raises as `ledger.hold` does.
    """

    def place() -> tuple[Hold, list[Budget]]:
        # Counted before they are read: one that is made in between refuses the hold.
        made = budgets.made(team)
        limits = budgets.applying(team=team, spender=by, model=model, token=token)
        placed = ledger.hold(
            team=team, amount=amount, reference=reference, limits=limits, limits_made=made
        )
        return placed, limits

    for _ in range(TRIES - 1):
        with suppress(LimitsChanged):
            return place()
    return place()
