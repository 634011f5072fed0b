from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import CreditAccount, Plan, Role, Rollover, Team
from accounts.services import funds, ledger, lots, plans, run_outs
from accounts.services.run_outs import Portion
from tests import factories

pytestmark = pytest.mark.django_db

CREDIT = factories.CREDIT
Capture = DjangoCaptureOnCommitCallbacks


def later(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


@pytest.fixture
def team() -> Team:
    """A team with 30 credits that run out in ten days, and 5 that do not."""
    made = factories.team(amount=5 * CREDIT, name="Northlight")
    promote(made, 30, ends=later(10))
    return made


def promote(team: Team, amount: int, *, ends: datetime) -> None:
    funds.promote(
        team=team, amount=amount * CREDIT, reference=str(ends), reason="Spring", expires_at=ends
    )


def warned(capture: Capture, days: float) -> list[str]:
    """What the clock tells so many days from now."""
    mail.outbox.clear()
    with capture(execute=True):
        run_outs.warn(now=later(days))
    return [str(one.subject) for one in mail.outbox]


def test_owners_are_told_a_week_before_and_once(
    team: Team, django_capture_on_commit_callbacks: Capture
) -> None:
    factories.member(team, Role.ADMIN)
    told = [warned(django_capture_on_commit_callbacks, 2.9)]
    told.append(warned(django_capture_on_commit_callbacks, 3.1))
    (sent,) = mail.outbox
    told.append(warned(django_capture_on_commit_callbacks, 9))

    assert told == [[], ["30 credits of Northlight run out soon"], []]
    assert sent.to == [factories.owner_of(team).email]
    assert "30 of 30 (promotion) on " in str(sent.body)


def test_what_is_spent_meanwhile_is_not_spoken_of(
    team: Team, django_capture_on_commit_callbacks: Capture
) -> None:
    promote(team, 7, ends=later(9))
    held = ledger.hold(team=team, amount=12 * CREDIT, reference="r1")
    ledger.capture(hold=held.pk, amount=12 * CREDIT)
    (subject,) = warned(django_capture_on_commit_callbacks, 4)
    assert subject.startswith("25 credits")


def test_each_lot_is_told_of_by_itself(
    team: Team, django_capture_on_commit_callbacks: Capture
) -> None:
    warned(django_capture_on_commit_callbacks, 4)
    promote(team, 7, ends=later(9))
    (subject,) = warned(django_capture_on_commit_callbacks, 4)
    assert subject.startswith("7 credits")


def test_nobody_is_told_of_frozen_credits_which_do_not_run_out(
    team: Team, django_capture_on_commit_callbacks: Capture
) -> None:
    CreditAccount.objects.filter(team=team).update(frozen_at=timezone.now())
    assert warned(django_capture_on_commit_callbacks, 4) == []


def portions(team: Team) -> list[tuple[int, int | None]]:
    """What is available in its order: credits, and the days until their last one."""
    account = CreditAccount.objects.get(team=team)
    today = timezone.now().date()
    return [
        (one.amount // CREDIT, (one.last_day - today).days if one.last_day else None)
        for one in run_outs.portions(account)
    ]


def test_what_ends_is_told_apart_from_what_does_not(team: Team) -> None:
    promote(team, 7, ends=later(9))
    assert portions(team) == [(7, 9), (30, 10), (5, None)]


def test_what_is_held_or_spent_is_no_part_of_it(team: Team) -> None:
    ledger.hold(team=team, amount=3 * CREDIT, reference="r1")
    assert portions(team) == [(30, 10), (2, None)]
    held = ledger.hold(team=team, amount=12 * CREDIT, reference="r2")
    ledger.capture(hold=held.pk, amount=12 * CREDIT)
    assert portions(team) == [(20, 10)]
    lots.allocate(CreditAccount.objects.get(team=team))
    assert portions(team) == [(18, 10), (2, None)]


def test_where_nothing_ends_nothing_is_told_apart() -> None:
    assert portions(factories.team()) == []


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)


def on_plan(team: Team, rollover: Rollover = Rollover.NONE, *, on: date = DECEMBER) -> Plan:
    """A plan of 500 a month that the team is put on today, to begin on a day."""
    most = 120 * CREDIT if rollover == Rollover.SOME else None
    plan = Plan.objects.create(
        name="Studio", credits=500 * CREDIT, rollover=rollover, rolls_at_most=most
    )
    plans.subscribe(
        by=factories.staff(), team=team, plan=plan, reason="Order 17", starts_on=on, now=NOW
    )
    return plan


def with_plan(team: Team, *, now: datetime = NOW, until: date = JANUARY) -> list[Portion]:
    account = CreditAccount.objects.get(team=team)
    return run_outs.portions(account, until=until, now=now)


@pytest.mark.parametrize("rollover", [Rollover.NONE, Rollover.SOME])
def test_what_a_plan_will_give_ends_with_its_month_and_is_burnt_before_grants(
    rollover: Rollover,
) -> None:
    team = factories.team(amount=5 * CREDIT)
    on_plan(team, rollover)

    assert with_plan(team) == [
        Portion(500 * CREDIT, date(2026, 12, 31), DECEMBER),
        Portion(500 * CREDIT, date(2027, 1, 31), JANUARY),
        Portion(5 * CREDIT),
    ]


def test_what_a_plan_that_keeps_all_will_give_does_not_end() -> None:
    team = factories.team(amount=5 * CREDIT)
    on_plan(team, Rollover.ALL)
    lasting = [Portion(500 * CREDIT, None, day) for day in (DECEMBER, JANUARY)]

    assert with_plan(team) == [*lasting, Portion(5 * CREDIT)]


def test_a_promotion_is_burnt_before_what_a_plan_will_give(team: Team) -> None:
    on_plan(team)

    found = with_plan(team, until=DECEMBER)

    assert [one.amount // CREDIT for one in found] == [30, 500, 5]
    assert [one.first_day for one in found] == [None, DECEMBER, None]


def test_a_month_that_was_given_or_is_over_does_not_come_again() -> None:
    team = factories.team(amount=0)
    on_plan(team, on=NOW.date())

    given = with_plan(team)
    late = with_plan(team, now=NOW.replace(month=12, day=25))

    assert [one.first_day for one in given] == [None, DECEMBER, JANUARY]
    assert [one.first_day for one in late if one.first_day] == [DECEMBER, JANUARY]


@pytest.mark.parametrize("what", ["ended", "waiting", "later"])
def test_a_plan_that_gives_nothing_is_not_counted_on(what: str) -> None:
    team = factories.team(amount=5 * CREDIT)
    plan = on_plan(team, on=date(2027, 1, 2) if what == "later" else DECEMBER)
    if what == "ended":
        plans.end(by=factories.staff(), team=team, now=NOW)
    if what == "waiting":
        Plan.objects.filter(pk=plan.pk).update(credits=5_000 * CREDIT)

    assert with_plan(team) == []


def test_a_frozen_team_gets_its_months_too() -> None:
    team = factories.team(amount=5 * CREDIT)
    on_plan(team)
    CreditAccount.objects.filter(team=team).update(frozen_at=NOW)

    assert [one.amount // CREDIT for one in with_plan(team, until=DECEMBER)] == [500, 5]
