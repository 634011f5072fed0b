from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.errors import NotAllowed, PlanNotOffered, ReasonNeeded, StartsInThePast
from accounts.models import (
    CreditAccount,
    EntryKind,
    Hold,
    LedgerEntry,
    Lot,
    LotKind,
    Plan,
    Rollover,
    Team,
    TeamPlan,
    User,
)
from accounts.services import funds, ledger, lots, plans
from accounts.services.invariants import INVARIANTS
from tests import factories

pytestmark = pytest.mark.django_db

_numbers = count()


@pytest.fixture
def team() -> Team:
    """A team without credits."""
    return factories.team(amount=0)


@pytest.fixture
def staff() -> User:
    return factories.staff()


def month(later: int) -> datetime:
    """The first moment of the present month, or of one after it."""
    first = timezone.now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(later):
        first = (first + timedelta(days=31)).replace(day=1)
    return first


def plan(rolls: int | None = 0, *, amount: int = 100) -> Plan:
    """So much a month, of which all (None), nothing, or at most `rolls` outlasts it."""
    rule = Rollover.ALL if rolls is None else Rollover.SOME if rolls else Rollover.NONE
    return Plan.objects.create(
        name=f"Studio {next(_numbers)}", credits=amount, rollover=rule, rolls_at_most=rolls or None
    )


def subscribe(team: Team, to: Plan, staff: User, *, on: date | None = None) -> TeamPlan:
    return plans.subscribe(by=staff, team=team, plan=to, reason="Order 17", starts_on=on)


def hold(team: Team, amount: int, *, at: datetime) -> Hold:
    """A hold that was admitted at a moment of the tests' calendar."""
    made = ledger.hold(team=team, amount=amount, reference=f"hold {next(_numbers)}")
    Hold.objects.filter(pk=made.pk).update(created_at=at)
    return made


def spend(team: Team, amount: int, *, at: datetime) -> None:
    ledger.capture(hold=hold(team, amount, at=at).pk, amount=amount)


def posted(team: Team) -> int:
    return ledger.balance(team=team).posted


def left(team: Team) -> list[tuple[str, int, datetime | None]]:
    account = CreditAccount.objects.get(team=team)
    return [(one.lot.kind, one.amount, one.lot.expires_at) for one in lots.allocate(account)]


def expect_sound_books() -> None:
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            for words, query in invariant.looks.items():
                cursor.execute(query, invariant.values)
                assert not cursor.fetchall(), words


def granted(team: Team) -> list[str]:
    entries = LedgerEntry.objects.filter(credit__team=team, kind=EntryKind.GRANT).order_by("id")
    return [entry.key for entry in entries]


def test_a_month_begun_is_granted_whole_and_at_once(team: Team, staff: User) -> None:
    subscribe(team, plan(), staff)
    assert left(team) == [(LotKind.PLAN, 100, month(1))]
    entry = LedgerEntry.objects.get(key=f"plan:{team.pk}:{month(0):%Y-%m}")
    assert (entry.debit.kind, entry.actor) == ("funding", staff)
    assert entry.reason.endswith(f"plan, {month(0):%B %Y}: Order 17")


def test_each_month_is_granted_once_however_often_the_clock_asks(team: Team, staff: User) -> None:
    subscribe(team, plan(None), staff)
    asked = [plans.grant_due(now=month(n) + timedelta(hours=h)) for n in (1, 2) for h in (0, 1)]
    assert asked == [1, 0, 1, 0]
    assert granted(team) == [f"plan:{team.pk}:{month(n):%Y-%m}" for n in range(3)]
    assert posted(team) == 300


def test_months_the_clock_was_away_for_are_made_up(team: Team, staff: User) -> None:
    subscribe(team, plan(30), staff)
    assert plans.grant_due(now=month(3)) == 3
    assert len(granted(team)) == 4
    # Of each month that is over 30 at most were left, of all of them together.
    assert posted(team) == 30 + 100
    assert sum(amount for _, amount, ends in left(team) if ends is None) == 30


def test_credits_of_a_month_that_is_over_cannot_be_spent(team: Team, staff: User) -> None:
    subscribe(team, plan(), staff)
    plans.grant_due(now=month(2))
    assert left(team) == [(LotKind.PLAN, 100, month(3))]
    assert ledger.balance(team=team).available == 100


def test_a_plan_without_rollover_leaves_nothing(team: Team, staff: User) -> None:
    subscribe(team, plan(), staff)
    spend(team, 30, at=timezone.now())
    plans.keep_time(now=month(1))
    assert left(team) == [(LotKind.PLAN, 100, month(2))]


def test_a_plan_that_rolls_over_leaves_all(team: Team, staff: User) -> None:
    subscribe(team, plan(None), staff)
    spend(team, 30, at=timezone.now())
    plans.keep_time(now=month(1))
    assert left(team) == [(LotKind.PLAN, 70, None), (LotKind.PLAN, 100, None)]


@pytest.mark.parametrize(("spent", "rolled"), [(0, 40), (50, 40), (60, 40), (75, 25), (100, 0)])
def test_up_to_an_amount_rolls_over(team: Team, staff: User, spent: int, rolled: int) -> None:
    subscribe(team, plan(40), staff)
    if spent:
        spend(team, spent, at=timezone.now())
    plans.keep_time(now=month(1))
    assert posted(team) == rolled + 100
    assert sum(amount for _, amount, ends in left(team) if ends is None) == 40


def test_what_rolled_over_is_spent_after_what_ends(team: Team, staff: User) -> None:
    subscribe(team, plan(40), staff)
    plans.keep_time(now=month(1))
    spend(team, 110, at=month(1))
    assert left(team) == [(LotKind.PLAN, 30, None)]


def test_a_larger_amount_than_a_month_gives_fills_over_months(team: Team, staff: User) -> None:
    subscribe(team, plan(250), staff)
    after = []
    for later in range(1, 5):
        plans.keep_time(now=month(later))
        after.append(posted(team))
    assert after == [200, 300, 350, 350]


def test_what_a_request_holds_over_midnight_is_not_taken(team: Team, staff: User) -> None:
    subscribe(team, plan(), staff)
    held = hold(team, 60, at=timezone.now())
    plans.keep_time(now=month(1))
    assert ledger.balance(team=team).held == 60
    ledger.capture(hold=held.pk, amount=45)
    # It paid with the old month's credits; the rest of those ran out.
    lots.expire(now=month(1) + timedelta(hours=1))
    assert left(team) == [(LotKind.PLAN, 100, month(2))]


def test_what_is_held_counts_as_there_when_the_next_month_comes(team: Team, staff: User) -> None:
    subscribe(team, plan(40), staff)
    held = hold(team, 100, at=timezone.now())
    plans.keep_time(now=month(1))
    ledger.release(hold=held.pk)
    lots.expire(now=month(1) + timedelta(hours=1))
    assert sum(amount for _, amount, ends in left(team) if ends is None) == 40


def test_what_was_held_and_then_spent_makes_room_for_what_would_run_out(
    team: Team, staff: User
) -> None:
    subscribe(team, plan(100), staff)
    held = hold(team, 100, at=timezone.now())
    plans.keep_time(now=month(1))
    ledger.capture(hold=held.pk, amount=60)
    assert left(team) == [(LotKind.PLAN, 100, month(2)), (LotKind.PLAN, 40, None)]
    plans.keep_time(now=month(2))
    assert [amount for _, amount, ends in left(team) if ends is None] == [40, 60]
    assert posted(team) == 100 + 100
    expect_sound_books()


def test_bought_credits_are_left_alone(team: Team, staff: User) -> None:
    funds.top_up(team=team, amount=500, reference=f"pay {next(_numbers)}")
    subscribe(team, plan(40), staff)
    plans.keep_time(now=month(1))
    assert left(team)[-1] == (LotKind.PURCHASED, 500, None)
    assert posted(team) == 640


def test_after_a_change_within_a_month_the_new_plan_begins_with_the_next(
    team: Team, staff: User
) -> None:
    subscribe(team, plan(None), staff)
    first = plans.active(team)
    subscribe(team, plan(None, amount=300), staff)
    assert posted(team) == 100
    plans.keep_time(now=month(1))
    assert posted(team) == 400
    assert first
    first.refresh_from_db()
    assert first.ended_by == staff


def test_what_an_earlier_plan_gave_runs_out_as_it_said(team: Team, staff: User) -> None:
    subscribe(team, plan(), staff)
    subscribe(team, plan(40), staff)
    plans.keep_time(now=month(1))
    assert posted(team) == 100


def test_a_plan_that_starts_later_gives_nothing_before(team: Team, staff: User) -> None:
    on = (month(1) + timedelta(days=9)).date()
    made = subscribe(team, plan(), staff, on=on)
    assert plans.next_grant(made) == on
    assert plans.grant_due(now=month(1) + timedelta(days=8)) == 0
    assert plans.grant_due(now=month(1) + timedelta(days=9)) == 1
    assert Lot.objects.get().effective_at == month(1) + timedelta(days=9)
    assert plans.next_grant(made, now=month(1) + timedelta(days=9)) == month(2).date()


def test_credits_of_a_plan_do_not_pay_for_what_was_spent_before_it(team: Team, staff: User) -> None:
    funds.top_up(team=team, amount=50, reference=f"pay {next(_numbers)}")
    spend(team, 20, at=timezone.now())
    subscribe(team, plan(), staff)
    assert [amount for _, amount, _ in left(team)] == [100, 30]


def test_an_ended_plan_gives_what_it_owed_and_no_more(team: Team, staff: User) -> None:
    subscribe(team, plan(None), staff)
    plans.end(by=staff, team=team, now=month(1) + timedelta(days=3))
    assert plans.grant_due(now=month(2)) == 0
    assert posted(team) == 200
    assert plans.active(team) is None


def test_what_is_no_plan_is_refused(team: Team, staff: User) -> None:
    owner, offered = factories.owner_of(team), plan()
    with pytest.raises(NotAllowed):
        subscribe(team, offered, owner)
    with pytest.raises(NotAllowed):
        plans.end(by=owner, team=team)
    with pytest.raises(ReasonNeeded):
        plans.subscribe(by=staff, team=team, plan=offered, reason=" ")
    with pytest.raises(StartsInThePast):
        subscribe(team, offered, staff, on=timezone.now().date() - timedelta(days=1))
    offered.active = False
    with pytest.raises(PlanNotOffered):
        subscribe(team, offered, staff)
    assert not LedgerEntry.objects.filter(credit__team=team).exists()


def test_a_frozen_team_gets_its_month_and_loses_nothing(team: Team, staff: User) -> None:
    subscribe(team, plan(), staff)
    CreditAccount.objects.filter(team=team).update(frozen_at=timezone.now())
    plans.keep_time(now=month(1))
    assert posted(team) == 200


@pytest.mark.parametrize(
    ("rolls", "words"),
    [
        (0, "100 credits on the 1st; nothing rolls over"),
        (40_000_000, "100 credits on the 1st; up to 40 roll over"),
        (None, "100 credits on the 1st; what is left rolls over"),
    ],
)
def test_a_plan_says_what_it_gives(rolls: int | None, words: str) -> None:
    assert plan(rolls, amount=100_000_000).terms == words


STEPS = st.lists(
    st.tuples(st.sampled_from(["spend", "hold", "settle", "buy", "turn"]), st.integers(1, 130)),
    max_size=20,
)


class Years(TestCase):
    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(st.integers(1, 250), STEPS)
    def test_never_more_rolls_over_than_may_and_nothing_is_lost(
        self, most: int, steps: list[tuple[str, int]]
    ) -> None:
        year = Year(most)
        for step, amount in steps:
            getattr(year, step)(amount)
            assert year.lasting() <= most
        expect_sound_books()


class Year:
    """A team with 100 a month, of which so much may roll over, in a time that goes on."""

    def __init__(self, most: int) -> None:
        self.most, self.months = most, 0
        self.team, self.now = factories.team(amount=0), timezone.now()
        self.held: list[Hold] = []
        subscribe(self.team, plan(most), factories.staff())

    def lasting(self) -> int:
        return sum(one for kind, one, ends in left(self.team) if kind == "plan" and not ends)

    def of_plan(self) -> int:
        return sum(amount for kind, amount, _ in left(self.team) if kind == "plan")

    def spend(self, amount: int) -> None:
        possible = min(amount, ledger.balance(team=self.team).available)
        if possible:
            spend(self.team, possible, at=self.now)

    def hold(self, amount: int) -> None:
        possible = min(amount, ledger.balance(team=self.team).available)
        if possible:
            self.held.append(hold(self.team, possible, at=self.now))

    def settle(self, amount: int) -> None:
        if self.held:
            one = self.held.pop(0)
            if amount % 2:
                ledger.release(hold=one.pk)
            else:
                ledger.capture(hold=one.pk, amount=max(one.amount // 2, 1))

    def buy(self, amount: int) -> None:
        funds.top_up(team=self.team, amount=amount, reference=f"pay {next(_numbers)}")

    def turn(self, _: int) -> None:
        before = self.of_plan()
        self.months += 1
        self.now = month(self.months)
        plans.keep_time(now=self.now)
        if not self.held:
            assert self.of_plan() == min(before, self.most) + 100
