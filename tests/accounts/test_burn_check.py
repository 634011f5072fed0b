"""What the check of the books finds wrong about the lots that were burnt, and what it lets pass."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import (
    CreditAccount,
    EntryKind,
    LedgerEntry,
    Lot,
    LotAllocation,
    LotKind,
    Team,
)
from accounts.services import funds, ledger, ledger_check, lots
from tests import factories
from tests.accounts.tampering import tamper

# Each operation is of its own moment only where each is a transaction of its own.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.wrong_books]

DAY = timedelta(days=1)
_numbers = count()


def reference() -> str:
    return f"burn {next(_numbers)}"


@pytest.fixture
def team() -> Team:
    """A team that paid for 100."""
    made = factories.team(amount=0)
    funds.top_up(team=made, amount=100, reference=reference())
    return made


def account(team: Team) -> CreditAccount:
    return CreditAccount.objects.get(team=team)


def promote(team: Team, amount: int) -> Lot:
    entry = funds.promote(
        team=team,
        amount=amount,
        reference=reference(),
        reason="Spring",
        expires_at=timezone.now() + DAY,
    )
    return entry.lots.get()


def hold(team: Team, amount: int) -> UUID:
    return ledger.hold(team=team, amount=amount, reference=reference()).pk


def spend(team: Team, amount: int) -> LedgerEntry:
    held = hold(team, amount)
    ledger.capture(hold=held, amount=amount)
    return LedgerEntry.objects.get(hold=held, kind=EntryKind.CAPTURE)


def allocate(team: Team) -> None:
    lots.allocate(account(team))


def found() -> list[str]:
    return ledger_check.check().problems


def burn(entry: LedgerEntry, kind: LotKind, amount: int) -> None:
    """What the allocator would not do: let it take from the lot of this kind."""
    LotAllocation.objects.create(entry=entry, lot=Lot.objects.get(kind=kind), amount=amount)


def test_what_was_paid_for_burnt_before_a_promotion_is_said(team: Team) -> None:
    promotion = promote(team, 10)
    entry = spend(team, 5)
    burn(entry, LotKind.PURCHASED, 5)
    paid = Lot.objects.get(kind=LotKind.PURCHASED)
    words = f"Entry {entry.pk}: took 5 from lot {paid.pk}, though lot {promotion.pk} came before it"
    assert found() == [f"{words} and had 10 left"]
    assert set(ledger_check.check().found) == {"I9"}


def test_it_is_said_also_when_the_promotion_was_burnt_later(team: Team) -> None:
    promote(team, 10)
    first, second = spend(team, 5), spend(team, 10)
    burn(first, LotKind.PURCHASED, 5)
    burn(second, LotKind.PROMOTION, 10)
    assert [one.startswith(f"Entry {first.pk}: took 5") for one in found()] == [True]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE accounts_lot SET effective_at = now() + interval '90 days', expires_at = NULL",
        "UPDATE accounts_lot SET expires_at = effective_at + interval '1 microsecond'",
    ],
)
def test_a_lot_burnt_outside_its_time_is_said_while_another_was_open(
    team: Team, change: str
) -> None:
    promotion = promote(team, 10)
    entry = spend(team, 5)
    burn(entry, LotKind.PROMOTION, 5)
    assert found() == []
    tamper(change + " WHERE kind = 'promotion'")
    (said,) = found()
    assert said.startswith(f"Entry {entry.pk}: took 5 from lot {promotion.pk}, though lot ")


def test_an_entry_that_was_left_out_while_later_ones_were_matched_is_said(team: Team) -> None:
    first, second = spend(team, 7), spend(team, 5)
    burn(second, LotKind.PURCHASED, 5)
    words = f"Entry {first.pk}: 7 went, of which lots gave 0"
    assert found() == [words]
    burn(first, LotKind.PURCHASED, 6)
    assert found() == [words.replace("gave 0", "gave 6")]


# What is right, though it looks wrong at first.


def test_what_is_not_matched_yet_is_sound(team: Team) -> None:
    spend(team, 5)
    allocate(team)
    spend(team, 5)
    spend(team, 5)
    assert found() == []


@pytest.mark.parametrize("end", [ledger.release, lambda hold: ledger.capture(hold=hold, amount=1)])
def test_what_a_hold_kept_of_a_lot_when_another_was_matched_is_sound(
    team: Team, end: Callable[..., None]
) -> None:
    promote(team, 10)
    first = hold(team, 10)
    spend(team, 4)
    allocate(team)
    assert LotAllocation.objects.get().lot.kind == LotKind.PURCHASED
    assert found() == []
    end(hold=first)
    allocate(team)
    assert found() == []


def test_more_left_than_holds_could_keep_is_said(team: Team) -> None:
    promote(team, 10)
    first = hold(team, 4)
    burn(spend(team, 5), LotKind.PURCHASED, 5)
    assert len(found()) == 1
    ledger.release(hold=first)
    assert len(found()) == 1


def test_a_lot_that_came_after_the_entry_is_not_missed_in_it(team: Team) -> None:
    entry = spend(team, 5)
    allocate(team)
    promote(team, 10)
    spend(team, 3)
    allocate(team)
    assert entry.allocations.get().lot.kind == LotKind.PURCHASED
    assert found() == []


def test_what_was_admitted_before_a_lot_came_burns_another(team: Team) -> None:
    held = hold(team, 5)
    promote(team, 10)
    spend(team, 3)
    ledger.capture(hold=held, amount=5)
    allocate(team)
    assert {one.lot.kind for one in LotAllocation.objects.all()} == {"purchased", "promotion"}
    assert found() == []


def test_what_was_borrowed_is_sound_before_and_after_it_is_paid_back(team: Team) -> None:
    CreditAccount.objects.filter(team=team).update(overdraft=50)
    spend(team, 120)
    spend(team, 9)
    allocate(team)
    assert found() == []
    promote(team, 10)
    spend(team, 1)
    allocate(team)
    assert found() == []


def test_moved_and_returned_credits_older_than_they_came_are_sound(team: Team) -> None:
    other = factories.team(owner=factories.owner_of(team), amount=50)
    spend(other, 5)
    allocate(other)
    promote(team, 10)
    entry = spend(team, 4)
    funds.transfer(
        by=factories.owner_of(team), team=team, to=other, amount=20, reason="", reference="move"
    )
    assert entry.hold is not None
    ledger.refund(hold=entry.hold.pk, amount=4, reference="back", reason="Blurred")
    for one in (team, other):
        spend(one, 2)
        allocate(one)
    assert lots.expire(now=timezone.now() + 2 * DAY) > 0
    assert found() == []
