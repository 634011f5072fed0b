"""What the model of the ledger believes of accounts and holds."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import IntegrityError

from accounts.errors import HoldResolved
from accounts.models import Hold, HoldState, LedgerEntry


@dataclass
class Held:
    """What the model believes of one hold."""

    team: int
    hold: Hold
    state: str = HoldState.PENDING
    captured: int = 0
    refunded: int = 0
    overrun: int = 0
    house: int = 0


@dataclass
class Account:
    """What the model believes of one team's credits."""

    posted: int = 0
    overdraft: int = 0
    holds: list[Held] = field(default_factory=list)

    @property
    def held(self) -> int:
        return sum(one.hold.amount for one in self.holds if one.state == HoldState.PENDING)

    @property
    def available(self) -> int:
        return self.posted - self.held + self.overdraft


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
    assert sum(entry.amount for entry in booked) - by_house <= held.overrun


def refusal_of_capture(held: Held, amount: int) -> type[Exception] | None:
    if held.state == HoldState.PENDING:
        return IntegrityError if amount > held.hold.amount else None
    same = held.state == HoldState.CAPTURED and held.captured == amount
    return None if same else HoldResolved
