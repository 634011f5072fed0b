"""A plan that gives much takes two, whoever puts teams on it."""

import pytest
from django.db import IntegrityError

from accounts.errors import JoinedLater, NotAllowed, OwnChange, PlanWaits
from accounts.models import Plan, Rollover, Team, User
from accounts.services import entries, ledger, plan_terms, plans
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("little_alone")]


@pytest.fixture
def team() -> Team:
    """A team without credits."""
    return factories.team(amount=0)


def plan(by: User, *, amount: int = 21) -> Plan:
    made = Plan(name="Studio", credits=amount)
    plan_terms.save(by=by, plan=made)
    return made


def subscribe(team: Team, to: Plan, by: User) -> int:
    """What the team then has."""
    plans.subscribe(by=by, team=team, plan=to, reason="Order 17")
    return ledger.balance(team=team).available


def test_a_plan_of_much_is_nobodys_until_a_second_person_agrees(
    team: Team, second: User, first: User
) -> None:
    made = plan(first)
    for by in (first, second):
        with pytest.raises(PlanWaits, match="second member of staff has to agree"):
            subscribe(team, made, by)
    plan_terms.agree(by=second, plan=made)
    assert subscribe(team, Plan.objects.get(), first) == 21


def test_a_plan_of_little_takes_one_person(team: Team, first: User) -> None:
    assert subscribe(team, plan(first, amount=20), first) == 20


def test_nobody_agrees_to_their_own_plan_nor_whose_account_is_younger(first: User) -> None:
    made = plan(first)
    with pytest.raises(OwnChange):
        plan_terms.agree(by=first, plan=made)
    with pytest.raises(JoinedLater):
        plan_terms.agree(by=factories.staff(), plan=made)
    with pytest.raises(NotAllowed):
        plan_terms.agree(by=factories.user(), plan=made)
    with pytest.raises(NotAllowed):
        plan_terms.save(by=factories.user(), plan=made)
    assert Plan.objects.get().waits


def test_the_database_itself_refuses_it(first: User) -> None:
    plan(first)
    with pytest.raises(IntegrityError, match="plan_agreed_by_somebody_else"):
        Plan.objects.update(agreed_by=first)


@pytest.mark.parametrize(
    "change",
    [
        {"credits": 22},
        {"rollover": Rollover.ALL},
        {"rollover": Rollover.SOME, "rolls_at_most": 5},
    ],
)
def test_other_terms_take_a_new_agreement_by_another(
    second: User, first: User, change: dict[str, object]
) -> None:
    made = plan(first)
    plan_terms.agree(by=second, plan=made)
    changed = Plan.objects.get()
    for name, value in change.items():
        setattr(changed, name, value)
    plan_terms.save(by=second, plan=changed)
    assert Plan.objects.get().waits
    with pytest.raises(OwnChange):
        plan_terms.agree(by=second, plan=changed)
    plan_terms.agree(by=first, plan=changed)
    assert not Plan.objects.get().waits


def test_another_name_does_not_and_undoes_no_agreement(second: User, first: User) -> None:
    made = plan(first)
    plan_terms.agree(by=second, plan=made)
    made.name = "Agency"  # as it was read before somebody agreed
    plan_terms.save(by=first, plan=made)
    kept = Plan.objects.get()
    assert (kept.name, kept.set_by, kept.agreed_by) == ("Agency", first, second)


def test_the_months_of_a_plan_that_waits_come_once_somebody_agrees(
    team: Team, second: User, first: User
) -> None:
    made = plan(first, amount=20)
    subscribe(team, made, first)
    made.credits = 500
    plan_terms.save(by=first, plan=made)
    later = plans.next_grant(plans.active(team))  # type: ignore[arg-type]  # it has one
    now = entries.start_of(later)
    assert plans.grant_due(now=now) == 0
    plan_terms.agree(by=second, plan=made)
    assert plans.grant_due(now=now) == 1
    assert ledger.balance(team=team).available == 500
