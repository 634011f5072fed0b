"""Credits that come, go back and move, by many at once. Each guard has a twin without it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from threading import Barrier

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts.errors import InsufficientCredits, MoreThanCaptured
from accounts.models import (
    BooksCheck,
    CreditAccount,
    EntryKind,
    Hold,
    LedgerEntry,
    Lot,
    Team,
    User,
)
from accounts.services import freezing, funds, ledger, ledger_check, lots, statements
from accounts.services.ledger_check import LedgerReport
from accounts.services.posting import execute
from tests import factories
from tests.accounts.race import together, wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 16
_numbers = count()


@pytest.fixture
def team() -> Team:
    """A team with 100 microcredits."""
    return factories.team(amount=100)


@pytest.fixture
def staff() -> User:
    return factories.staff()


def problems() -> list[str]:
    return ledger_check.check().problems


def posted(team: Team) -> int:
    return ledger.balance(team=team).posted


def booked(kind: EntryKind) -> int:
    return LedgerEntry.objects.filter(kind=kind).aggregate(total=Sum("amount"))["total"] or 0


def captured(team: Team, amount: int = 50) -> Hold:
    hold = ledger.hold(team=team, amount=amount, reference=f"hold {next(_numbers)}")
    ledger.capture(hold=hold.pk, amount=amount)
    return hold


def test_a_payment_told_by_many_at_once_is_credited_once(team: Team) -> None:
    def told() -> object:
        return funds.top_up(team=team, amount=7, reference="stripe:pi_1").pk

    assert len(set(together(*[told] * CLIENTS))) == 1
    assert posted(team) == 107
    assert Lot.objects.filter(account__team=team).count() == 2
    assert problems() == []


@pytest.mark.wrong_books
def test_a_payment_looked_up_before_it_is_credited_is_credited_often(team: Team) -> None:
    """The twin: whether the payment is known is read first, and the credits are added after."""
    looked = Barrier(CLIENTS)

    def look_then_credit() -> bool:
        known = LedgerEntry.objects.filter(key="topup:stripe:pi_1").exists()
        looked.wait()
        if not known:
            CreditAccount.objects.filter(team=team).update(posted=F("posted") + 7)
        return not known

    assert together(*[look_then_credit] * CLIENTS).count(True) == CLIENTS
    assert posted(team) == 100 + 7 * CLIENTS
    assert any("posted is" in problem for problem in problems())


def test_refunds_by_many_at_once_never_exceed_the_capture(team: Team) -> None:
    hold = captured(team, 50)

    def refund(number: int) -> object:
        return ledger.refund(hold=hold.pk, amount=10, reference=str(number), reason="Blurred")

    outcomes = together(*[partial(refund, number) for number in range(CLIENTS)])
    assert [type(one) for one in outcomes].count(LedgerEntry) == 5
    assert [type(one) for one in outcomes].count(MoreThanCaptured) == CLIENTS - 5
    assert (booked(EntryKind.REFUND), posted(team)) == (50, 100)
    assert problems() == []


@pytest.mark.wrong_books
def test_refunds_that_add_up_what_was_refunded_before_exceed_the_capture(team: Team) -> None:
    """The twin: what went back is summed first, and the refund is written after."""
    hold = captured(team, 50)
    house = CreditAccount.objects.get(kind="revenue")
    looked = Barrier(CLIENTS)

    def sum_then_refund(number: int) -> bool:
        fits = booked(EntryKind.REFUND) + 10 <= 50
        looked.wait()
        if fits:
            LedgerEntry.objects.create(
                debit=house, credit=hold.account, amount=10, kind="refund", key=f"refund:{number}",
                hold=hold,
            )  # fmt: skip
        return fits

    together(*[partial(sum_then_refund, number) for number in range(CLIENTS)])
    assert booked(EntryKind.REFUND) == 10 * CLIENTS > 50
    assert any("its refund entries add up to 160" in problem for problem in problems())


def test_a_refund_said_by_many_at_once_is_booked_once(team: Team) -> None:
    hold = captured(team, 50)

    def refund() -> object:
        return ledger.refund(hold=hold.pk, amount=10, reference="one", reason="Blurred").pk

    assert len(set(together(*[refund] * CLIENTS))) == 1
    assert posted(team) == 60
    assert problems() == []


@pytest.mark.parametrize("amount", [40, 50, 500])
def test_an_overrun_said_by_many_at_once_is_booked_once(team: Team, amount: int) -> None:
    hold = captured(team, 50)
    said = partial(ledger.overrun, hold=hold.pk, amount=amount, reason="above")
    assert together(*[said] * CLIENTS) == [None] * CLIENTS
    assert booked(EntryKind.OVERRUN) == min(amount, 50)
    assert booked(EntryKind.OVERRUN) + booked(EntryKind.HOUSE) == amount
    assert problems() == []


@pytest.mark.wrong_books
def test_an_overrun_whose_rest_always_has_a_key_of_its_own_is_booked_twice(team: Team) -> None:
    """The twin: of two that both looked before, the second finds nothing left to cover."""
    right = "CASE WHEN account.covered > 0 THEN %(rest_key)s ELSE %(key)s END"
    careless = statements.OVERRUN.replace(right, "%(rest_key)s")
    hold = captured(team, 50).pk
    values = {"hold": hold, "amount": 50, "key": "one", "rest_key": "rest", "reason": "above"}
    for statement in (careless, careless):
        execute(statement, values)
    assert (booked(EntryKind.OVERRUN), booked(EntryKind.HOUSE)) == (50, 50)
    with pytest.raises(IntegrityError, match="key"):
        execute(statements.OVERRUN, values)


def test_what_many_take_at_once_is_never_more_than_is_there(team: Team, staff: User) -> None:
    """Corrections downwards beside holds: room for ten of either."""

    def adjust(number: int) -> object:
        return funds.adjust(
            team=team, amount=-10, reason="Miscounted", reference=str(number), by=staff
        )

    def hold(number: int) -> object:
        return ledger.hold(team=team, amount=10, reference=f"hold {number}")

    outcomes = together(*[partial(act, n) for n in range(CLIENTS) for act in (adjust, hold)])
    done = [one for one in outcomes if isinstance(one, LedgerEntry | Hold)]
    refused = [one for one in outcomes if isinstance(one, InsufficientCredits)]
    assert (len(done), len(refused)) == (10, 2 * CLIENTS - 10)
    assert ledger.balance(team=team).available == 0
    assert problems() == []


@pytest.mark.wrong_books
def test_a_correction_that_looks_at_the_balance_first_takes_what_is_held(team: Team) -> None:
    """The twin: only the constraint on the account stops what was admitted by a stale look."""
    looked = Barrier(2)

    def look_then_take() -> bool:
        enough = ledger.balance(team=team).available >= 100
        looked.wait()
        if enough:
            CreditAccount.objects.filter(team=team).update(posted=F("posted") - 100)
        return enough

    def look_then_hold() -> bool:
        looked.wait()
        ledger.hold(team=team, amount=100, reference="r1")
        return True

    outcomes = together(look_then_take, look_then_hold)
    assert {type(one) for one in outcomes} != {bool}
    assert {type(one) for one in outcomes} <= {bool, IntegrityError, InsufficientCredits}


def test_transfers_in_both_directions_at_once_do_not_deadlock_and_lose_nothing(team: Team) -> None:
    owner = factories.owner_of(team)
    other = factories.team(owner=owner, amount=100)

    def move(giver: Team, taker: Team, number: int) -> None:
        for turn in range(25):
            funds.transfer(
                by=owner, team=giver, to=taker, amount=1, reason="", reference=f"{number}.{turn}"
            )

    sides = [(team, other), (other, team)] * 4
    outcomes = together(*[partial(move, *side, number) for number, side in enumerate(sides)])
    assert outcomes == [None] * len(sides)
    assert LedgerEntry.objects.filter(kind=EntryKind.TRANSFER).count() == 200
    assert posted(team) + posted(other) == 200
    assert problems() == []


@pytest.mark.wrong_books
def test_transfers_that_lock_the_giver_first_deadlock(team: Team) -> None:
    """The twin: each takes its own account first, and then waits for the other's."""
    other = factories.team(amount=100)
    locked = Barrier(2)

    def move(giver: Team, taker: Team) -> None:
        with transaction.atomic():
            CreditAccount.objects.filter(team=giver).update(posted=F("posted") - 1)
            locked.wait()
            CreditAccount.objects.filter(team=taker).update(posted=F("posted") + 1)

    outcomes = together(partial(move, team, other), partial(move, other, team))
    assert any("deadlock" in str(one) for one in outcomes)


def test_credits_that_ran_out_are_taken_back_once_by_many_at_once(team: Team) -> None:
    ends = timezone.now() + timedelta(days=1)
    funds.promote(team=team, amount=50, reference="spring", reason="Spring", expires_at=ends)
    outcomes = together(*[partial(lots.expire, now=ends)] * 8)
    assert sorted(int(str(one)) for one in outcomes) == [0] * 7 + [50]
    assert posted(team) == 100
    assert problems() == []


def test_holds_placed_while_credits_run_out_are_kept(team: Team) -> None:
    ends = timezone.now() + timedelta(days=1)
    other = factories.team(amount=0)
    funds.promote(team=other, amount=50, reference="spring", reason="Spring", expires_at=ends)

    def hold(number: int) -> object:
        return ledger.hold(team=other, amount=5, reference=f"hold {number}")

    outcomes = together(partial(lots.expire, now=ends), *[partial(hold, n) for n in range(15)])
    held = [one for one in outcomes if isinstance(one, Hold)]
    assert posted(other) == ledger.balance(team=other).held == 5 * len(held)
    assert problems() == []


# A night that freezes accounts, beside a transfer between two of them.


def beside_a_transfer(freeze: Callable[[LedgerReport], object]) -> list[object]:
    """What became of who locks both as a transfer does, and of who freezes the second one first."""
    teams = [factories.team(amount=100) for _ in range(2)]
    low, high = sorted(CreditAccount.objects.filter(team__in=teams).values_list("pk", flat=True))
    report = LedgerReport(2, 2, 0, 200, at_fault={high: "wrong", low: "wrong"})
    locked, accounts = Barrier(2), CreditAccount.objects.select_for_update(no_key=True, nowait=True)

    def transfer() -> None:
        with transaction.atomic():
            accounts.get(pk=low)
            locked.wait()
            wait_until_somebody_waits()
            accounts.get(pk=high)

    def night() -> object:
        locked.wait()
        return freeze(report)

    return together(transfer, night)


def test_a_night_freezes_accounts_in_the_order_in_which_a_transfer_locks_them() -> None:
    moved, kept = beside_a_transfer(ledger_check.act_on)
    assert (moved, type(kept)) == (None, BooksCheck)


def test_frozen_in_the_order_in_which_they_were_found_they_would_wait_for_each_other() -> None:
    """The twin: the second account is taken, and the first one waited for."""

    def as_found(report: LedgerReport) -> None:
        with transaction.atomic():
            for account, why in report.at_fault.items():
                freezing.freeze(account=account, why=why)

    moved, _ = beside_a_transfer(as_found)
    assert isinstance(moved, OperationalError)
