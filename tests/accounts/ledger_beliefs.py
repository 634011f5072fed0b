"""What the model of the ledger believes of accounts and holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError

from accounts.errors import AccountFrozen, HoldResolved, InsufficientCredits, OverLimit
from accounts.models import Budget, Hold, HoldState, LedgerEntry
from accounts.services import budgets


@dataclass(eq=False)
class Limit:
    """What the model believes of one limit."""

    budget: Budget
    amount: int


@dataclass
class Held:
    """What the model believes of one hold."""

    team: int
    hold: Hold
    limits: Sequence[Limit] = ()
    state: str = HoldState.PENDING
    captured: int = 0
    refunded: int = 0
    overrun: int = 0
    above: int = 0  # What of the overrun the team paid.
    house: int = 0


@dataclass
class Account:
    """What the model believes of one team's credits."""

    posted: int = 0
    overdraft: int = 0
    frozen: bool = False
    limits: list[Limit] = field(default_factory=list)
    holds: list[Held] = field(default_factory=list)

    @property
    def held(self) -> int:
        return sum(one.hold.amount for one in self.holds if one.state == HoldState.PENDING)

    @property
    def available(self) -> int:
        return self.posted - self.held + self.overdraft

    def left(self, limit: Limit) -> int:
        """What a limit leaves: without what its holds reserve, and took and did not give back."""
        counted = (
            (one.hold.amount if one.state == HoldState.PENDING else one.captured)
            + one.above
            - one.refunded
            for one in self.holds
            if limit in one.limits
        )
        return limit.amount - sum(counted)

    def refusal_to_give(self, amount: int) -> type[Exception] | None:
        if amount > self.available:
            return AccountFrozen if self.frozen else InsufficientCredits
        return None

    def refusal_to_spend(self, amount: int, limits: Sequence[Limit] = ()) -> type[Exception] | None:
        if any(self.left(limit) < amount for limit in limits):
            return OverLimit
        return AccountFrozen if self.frozen else self.refusal_to_give(amount)


@dataclass(frozen=True)
class Booked:
    """An operation that was done: said again it changes nothing, said otherwise it is refused."""

    again: Callable[[], object]
    otherwise: Callable[[], object]


def compare_hold(held: Held) -> None:
    held.hold.refresh_from_db()
    now = (held.hold.state, held.hold.captured, held.hold.refunded)
    assert now == (held.state, held.captured, held.refunded)
    booked = LedgerEntry.objects.filter(hold=held.hold, kind__in=["overrun", "house"])
    by_house = sum(entry.amount for entry in booked if entry.kind == "house")
    assert by_house == held.house
    assert sum(entry.amount for entry in booked) - by_house == held.above


def compare_limits(account: Account) -> None:
    for limit in account.limits:
        now = budgets.fullest([limit.budget])
        assert now is not None
        assert now.used + now.held == limit.amount - account.left(limit)


def refusal_of_capture(held: Held, amount: int) -> type[Exception] | None:
    if held.state == HoldState.PENDING:
        return IntegrityError if amount > held.hold.amount else None
    same = held.state == HoldState.CAPTURED and held.captured == amount
    return None if same else HoldResolved
