import itertools
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from accounts.models import (
    CreditAccount,
    EntryKind,
    LedgerEntry,
    Lot,
    LotAllocation,
    Team,
)
from accounts.services import funds, ledger, lots
from tests import factories

pytestmark = pytest.mark.django_db

_numbers = itertools.count()
DAY = timedelta(days=1)


def later(days: float) -> datetime:
    return timezone.now() + days * DAY


@pytest.fixture
def team() -> Team:
    """A team without credits."""
    return factories.team(amount=0)


def pay(team: Team, amount: int) -> Lot:
    return funds.top_up(team=team, amount=amount, reference=f"pay {next(_numbers)}").lots.get()


def give(team: Team, amount: int, *, ends: datetime | None = None) -> Lot:
    reference = f"give {next(_numbers)}"
    entry = ledger.grant(
        team=team, amount=amount, reason="Plan", reference=reference, expires_at=ends
    )
    return entry.lots.get()


def promote(team: Team, amount: int, *, ends: datetime | None) -> Lot:
    reference = f"promote {next(_numbers)}"
    entry = funds.promote(
        team=team, amount=amount, reason="Spring", reference=reference, expires_at=ends
    )
    return entry.lots.get()


def hold(team: Team, amount: int) -> UUID:
    return ledger.hold(team=team, amount=amount, reference=f"hold {next(_numbers)}").pk


def spend(team: Team, amount: int) -> LedgerEntry:
    held = ledger.hold(team=team, amount=amount, reference=f"hold {next(_numbers)}")
    ledger.capture(hold=held.pk, amount=amount)
    return LedgerEntry.objects.get(hold=held, kind=EntryKind.CAPTURE)


def held_by(entry: LedgerEntry) -> UUID:
    assert entry.hold_id is not None
    return entry.hold_id


def allocate(team: Team) -> list[lots.Remaining]:
    return lots.allocate(CreditAccount.objects.get(team=team))


def burnt(team: Team) -> dict[Lot, int]:
    """How much of each lot was matched, after what is not yet matched was."""
    allocate(team)
    found = Lot.objects.filter(account__team=team, allocations__isnull=False)
    return {lot: lot.total for lot in found.annotate(total=Sum("allocations__amount"))}


def posted(team: Team) -> int:
    return ledger.balance(team=team).posted


def test_given_credits_are_burnt_before_those_that_were_paid_for(team: Team) -> None:
    paid, granted, promoted = pay(team, 10), give(team, 10), promote(team, 10, ends=later(9))
    spend(team, 25)
    assert burnt(team) == {promoted: 10, granted: 10, paid: 5}


def test_what_ends_sooner_is_burnt_before_what_ends_later_or_never(team: Team) -> None:
    never, late, soon = give(team, 10), give(team, 10, ends=later(9)), give(team, 10, ends=later(2))
    spend(team, 25)
    assert burnt(team) == {soon: 10, late: 10, never: 5}


def test_of_equal_lots_the_older_is_burnt_first(team: Team) -> None:
    older, newer = pay(team, 10), pay(team, 10)
    spend(team, 15)
    assert burnt(team) == {older: 10, newer: 5}


def test_a_capture_burns_what_was_valid_when_its_hold_was_admitted(team: Team) -> None:
    pay(team, 10)
    promoted = promote(team, 10, ends=later(1))
    held = hold(team, 10)
    lots.expire(now=later(2))
    ledger.capture(hold=held, amount=10)
    assert burnt(team) == {promoted: 10}


def test_a_lot_does_not_pay_for_what_was_held_before_it_came(team: Team) -> None:
    paid = pay(team, 10)
    held = hold(team, 10)
    promote(team, 10, ends=later(9))
    ledger.capture(hold=held, amount=10)
    assert burnt(team) == {paid: 10}


def test_what_another_request_holds_of_a_lot_is_not_burnt_by_a_later_one(team: Team) -> None:
    promoted = promote(team, 10, ends=later(9))
    paid = pay(team, 10)
    first = hold(team, 10)
    spend(team, 4)
    assert burnt(team) == {paid: 4}
    ledger.capture(hold=first, amount=10)
    assert burnt(team) == {paid: 4, promoted: 10}


def test_what_is_borrowed_is_paid_back_by_the_next_lot(team: Team) -> None:
    first = pay(team, 10)
    CreditAccount.objects.filter(team=team).update(overdraft=20)
    entry = spend(team, 25)
    assert burnt(team) == {first: 10}
    second = promote(team, 20, ends=later(9))
    assert burnt(team) == {first: 10, second: 15}
    assert sum(one.amount for one in entry.allocations.all()) == 25


def test_matching_again_matches_nothing_more(team: Team) -> None:
    pay(team, 10)
    spend(team, 7)
    allocate(team)
    allocate(team)
    assert LotAllocation.objects.count() == 1


def test_a_backlog_longer_than_one_turn_is_matched_whole(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lots, "AT_ONCE", 2)
    paid = pay(team, 10)
    hold(team, 1)
    for _ in range(5):
        spend(team, 1)
    assert burnt(team) == {paid: 5}


def test_what_is_left_of_a_lot_is_taken_back_when_it_ran_out(team: Team) -> None:
    pay(team, 10)
    promoted = promote(team, 10, ends=later(1))
    spend(team, 4)
    assert lots.expire(now=later(2)) == 6
    (entry,) = LedgerEntry.objects.filter(kind=EntryKind.EXPIRY)
    assert (entry.credit.kind, entry.allocations.get().lot) == ("expiry", promoted)
    assert posted(team) == 10


def test_nothing_is_taken_before_its_time(team: Team) -> None:
    promote(team, 10, ends=later(1))
    assert lots.expire(now=later(0.99)) == 0
    assert posted(team) == 10


def test_what_is_held_is_taken_only_when_the_hold_ended_without_it(team: Team) -> None:
    promote(team, 10, ends=later(1))
    held = hold(team, 7)
    assert lots.expire(now=later(2)) == 3
    assert lots.expire(now=later(3)) == 0
    ledger.release(hold=held)
    assert lots.expire(now=later(4)) == 7
    assert posted(team) == 0


def test_an_expiry_said_again_takes_nothing_more(team: Team) -> None:
    promote(team, 10, ends=later(1))
    pay(team, 10)
    assert [lots.expire(now=later(2)) for _ in range(3)] == [10, 0, 0]
    assert posted(team) == 10


def test_credits_paid_later_do_not_run_out_with_an_older_lot(team: Team) -> None:
    """The trap: a lot whose credits were spent on borrowed ones has nothing left to take."""
    CreditAccount.objects.filter(team=team).update(overdraft=10)
    give(team, 1)
    CreditAccount.objects.filter(team=team).update(overdraft=10)
    spend(team, 11)
    promote(team, 10, ends=later(1))
    pay(team, 50)
    assert lots.expire(now=later(2)) == 0
    assert posted(team) == 50


def test_an_overdraft_does_not_let_held_credits_run_out(team: Team) -> None:
    promote(team, 10, ends=later(1))
    CreditAccount.objects.filter(team=team).update(overdraft=100)
    hold(team, 10)
    assert lots.expire(now=later(2)) == 0
    assert posted(team) == 10


def test_the_credits_of_a_frozen_account_do_not_run_out(team: Team) -> None:
    promote(team, 10, ends=later(1))
    CreditAccount.objects.filter(team=team).update(frozen_at=timezone.now())
    other = factories.team(amount=0)
    promote(other, 5, ends=later(1))
    assert lots.expire(now=later(2)) == 5
    assert posted(team) == 10


def test_only_accounts_of_which_a_lot_ran_out_lately_are_looked_at(
    team: Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    promote(team, 10, ends=later(1))
    spend(team, 4)
    with django_assert_num_queries(1):
        assert lots.expire(now=later(0.5), within=DAY) == 0
    assert lots.expire(now=later(2.5), within=DAY) == 0
    assert lots.expire(now=later(1.5), within=DAY) == 6


def test_what_is_left_is_told_without_writing_it(team: Team) -> None:
    paid, promoted = pay(team, 10), promote(team, 10, ends=later(9))
    spend(team, 4)
    hold(team, 3)
    told = lots.left(CreditAccount.objects.get(team=team))
    assert [(one.lot, one.amount, one.kept) for one in told] == [(promoted, 6, 3), (paid, 10, 0)]
    assert not LotAllocation.objects.exists()


def refund(entry: LedgerEntry, amount: int) -> list[Lot]:
    """The lots that come of giving back part of a capture."""
    reference = f"refund {next(_numbers)}"
    back = ledger.refund(hold=held_by(entry), amount=amount, reference=reference, reason="Blurred")
    return list(back.lots.order_by("pk"))


def test_a_refund_ends_with_the_lots_it_was_taken_from_the_last_taken_first(team: Team) -> None:
    soon, late = give(team, 10, ends=later(50)), give(team, 10, ends=later(60))
    pay(team, 10)
    entry = spend(team, 25)
    back = refund(entry, 12)
    assert [(lot.kind, lot.amount, lot.expires_at) for lot in back] == [
        ("returned", 5, None),
        ("returned", 7, late.expires_at),
    ]
    rest = [(lot.amount, lot.expires_at) for lot in refund(entry, 13)]
    assert rest == [(3, late.expires_at), (10, soon.expires_at)]


def test_a_refund_of_what_ran_out_lasts_a_while(team: Team) -> None:
    promote(team, 10, ends=later(1))
    entry = spend(team, 10)
    (lot,) = refund(entry, 4)
    assert lots.expire(now=later(29)) == 0
    assert lots.expire(now=later(31)) == 4
    assert lot.expires_at is not None


def test_a_refund_of_what_was_borrowed_pays_it_back(team: Team) -> None:
    pay(team, 10)
    CreditAccount.objects.filter(team=team).update(overdraft=5)
    entry = spend(team, 15)
    (lot,) = refund(entry, 5)
    assert (lot.amount, lot.expires_at) == (5, None)
    assert burnt(team)[lot] == 5


def test_a_refund_is_spent_before_what_was_paid_for(team: Team) -> None:
    pay(team, 20)
    (lot,) = refund(spend(team, 10), 4)
    spend(team, 4)
    assert burnt(team)[lot] == 4


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "promote", "spend", "hold", "end", "refund", "expire", "allocate"]),
        st.integers(1, 40),
    ),
    max_size=25,
)


class Histories(TestCase):
    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(STEPS)
    def test_what_the_lots_have_left_is_always_what_is_posted(
        self, steps: list[tuple[str, int]]
    ) -> None:
        team = factories.team(amount=0)
        pay(team, 20)
        history = History(team)
        for step, amount in steps:
            getattr(history, step)(amount)
        left = allocate(team)
        assert sum(lot.amount for lot in left) == posted(team)
        for lot in Lot.objects.annotate(burnt=Sum("allocations__amount")):
            assert 0 <= (lot.burnt or 0) <= lot.amount
        for entry in LedgerEntry.objects.filter(debit__team=team):
            assert sum(one.amount for one in entry.allocations.all()) == entry.amount


class History:
    """Steps on one team; each does what can be done, in a time that goes on."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.days = 0
        self.holds: list[UUID] = []
        self.captured: list[tuple[UUID, int]] = []

    def pay(self, amount: int) -> None:
        pay(self.team, amount)

    def promote(self, amount: int) -> None:
        promote(self.team, amount, ends=later(self.days + amount % 5 + 1))

    def hold(self, amount: int) -> None:
        possible = min(amount, ledger.balance(team=self.team).available)
        if possible:
            self.holds.append(hold(self.team, possible))

    def end(self, amount: int) -> None:
        if self.holds:
            ended = self.holds.pop(amount % len(self.holds))
            if amount % 2:
                ledger.release(hold=ended)
            else:
                ledger.capture(hold=ended, amount=1)
                self.captured.append((ended, 1))

    def spend(self, amount: int) -> None:
        possible = min(amount, ledger.balance(team=self.team).available)
        if possible:
            self.captured.append((held_by(spend(self.team, possible)), possible))

    def refund(self, amount: int) -> None:
        if self.captured:
            held, most = self.captured.pop()
            ledger.refund(
                hold=held, amount=min(amount, most), reference=str(held), reason="Blurred"
            )

    def expire(self, amount: int) -> None:
        self.days += amount % 4
        lots.expire(now=later(self.days))

    def allocate(self, _: int) -> None:
        allocate(self.team)
