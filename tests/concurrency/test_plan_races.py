"""Months of a plan, begun by many clocks at once while credits are spent."""

from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.utils import timezone

from accounts.models import (
    EntryKind,
    Hold,
    LedgerEntry,
    LotWarning,
    Plan,
    Rollover,
    Team,
    TeamPlan,
    User,
)
from accounts.services import funds, ledger, ledger_check, lots, plans, run_outs
from tests import factories
from tests.accounts.race import together
from tests.accounts.services.test_plans import month

pytestmark = pytest.mark.django_db(transaction=True)

CLOCKS = 8


@pytest.fixture
def plan() -> Plan:
    """100 a month, of which up to 40 roll over."""
    return Plan.objects.create(name="Studio", credits=100, rollover=Rollover.SOME, rolls_at_most=40)


@pytest.fixture
def staff() -> User:
    return factories.staff()


@pytest.fixture
def team(plan: Plan, staff: User) -> Team:
    made = factories.team(amount=0)
    plans.subscribe(by=staff, team=made, plan=plan, reason="Order 17")
    return made


def posted(team: Team) -> int:
    return ledger.balance(team=team).posted


def problems() -> list[str]:
    return ledger_check.check().problems


def test_a_month_that_many_clocks_begin_at_once_is_granted_once(team: Team) -> None:
    outcomes = together(*[partial(plans.grant_due, now=month(1))] * CLOCKS)
    assert sorted(int(str(one)) for one in outcomes) == [0] * (CLOCKS - 1) + [1]
    assert LedgerEntry.objects.filter(kind=EntryKind.GRANT).count() == 2
    assert posted(team) == 140
    assert problems() == []


def test_a_month_that_is_looked_up_before_it_is_granted_is_granted_often(team: Team) -> None:
    """The twin: whether it was granted is read first, and the key is each clock's own."""
    looked = Barrier(CLOCKS)

    def look_then_grant(number: int) -> bool:
        known = LedgerEntry.objects.filter(key=f"plan:{team.pk}:{month(1):%Y-%m}").exists()
        looked.wait()
        if not known:
            ledger.grant(team=team, amount=100, reason="Studio", reference=f"clock {number}")
        return not known

    assert together(*[partial(look_then_grant, n) for n in range(CLOCKS)]) == [True] * CLOCKS
    assert posted(team) == 100 + 100 * CLOCKS


def test_a_team_that_many_put_on_a_plan_at_once_is_on_one(
    team: Team, plan: Plan, staff: User
) -> None:
    def subscribe(number: int) -> object:
        return plans.subscribe(by=staff, team=team, plan=plan, reason=f"Order {number}")

    outcomes = together(*[partial(subscribe, n) for n in range(CLOCKS)])
    assert {type(one) for one in outcomes} == {TeamPlan}
    assert TeamPlan.objects.filter(team=team, ended_at=None).count() == 1
    assert posted(team) == 100
    assert problems() == []


def test_holds_placed_while_a_month_ends_are_kept(team: Team) -> None:
    def spend(number: int) -> object:
        hold = ledger.hold(team=team, amount=5, reference=f"hold {number}")
        if number % 2:
            ledger.capture(hold=hold.pk, amount=5)
        return hold

    turns = [partial(plans.keep_time, now=month(1))] * 4
    outcomes = together(*turns, *[partial(spend, n) for n in range(12)])
    holds = [one for one in outcomes if isinstance(one, Hold)]
    lots.expire(now=month(1))
    assert len(holds) == 12
    # 30 were spent and 30 are held; of the first month at most 40 and what is held are left.
    balance = ledger.balance(team=team)
    assert balance.held == 30
    assert 100 <= balance.posted <= 100 + 40 + 30
    assert problems() == []


def test_owners_are_told_once_by_many_clocks(team: Team) -> None:
    ends = timezone.now() + timedelta(days=3)
    funds.promote(team=team, amount=50, reference="spring", reason="Spring", expires_at=ends)
    outcomes = together(*[run_outs.warn] * CLOCKS)
    assert sorted(int(str(one)) for one in outcomes) == [0] * (CLOCKS - 1) + [1]
    assert LotWarning.objects.filter(lot__kind="promotion").count() == 1
