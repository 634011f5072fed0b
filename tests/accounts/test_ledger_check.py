import pytest
from django.db import connection

from accounts.models import CreditAccount, Team
from accounts.services import ledger, ledger_check
from tests import factories

# The check asks for a snapshot of its own, which a test's transaction would not give it.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> Team:
    """A team with a grant of 100: 30 of it captured, 20 released, 10 on hold."""
    made = factories.team(amount=100)
    captured = ledger.hold(team=made, amount=50, reference="r1")
    ledger.capture(hold=captured.pk, amount=30)
    released = ledger.hold(team=made, amount=20, reference="r2")
    ledger.release(hold=released.pk)
    ledger.hold(team=made, amount=10, reference="r3")
    return made


def test_a_ledger_that_the_service_wrote_is_sound(team: Team) -> None:
    report = ledger_check.check()
    assert report.problems == []
    assert (report.accounts, report.entries, report.held, report.available) == (1, 2, 10, 60)


def test_an_empty_ledger_is_sound() -> None:
    report = ledger_check.check()
    assert (report.accounts, report.entries, report.held, report.available) == (0, 0, 0, 0)
    assert report.problems == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"posted": 71}, "posted is 71, its entries add up to 70"),
        ({"held": 9}, "held is 9, its pending holds add up to 10"),
    ],
)
def test_a_counter_that_differs_from_what_was_booked_is_said(
    team: Team, change: dict[str, int], problem: str
) -> None:
    account = CreditAccount.objects.get(team=team)
    CreditAccount.objects.filter(pk=account.pk).update(**change)
    assert ledger_check.check().problems == [f"Account {account.pk}: {problem}"]


def test_a_hold_that_differs_from_its_entry_is_said(team: Team) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_hold SET captured = 31 WHERE state = 'captured'")
    (problem,) = ledger_check.check().problems
    assert problem.endswith("captured 31, its capture entries add up to 30")


def test_at_most_twenty_of_a_kind_are_said(team: Team) -> None:
    for number in range(25):
        ledger.hold(team=team, amount=1, reference=f"more {number}")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_hold SET state = 'captured', captured = 1, resolved_at = now()"
            " WHERE amount = 1"
        )
    problems = ledger_check.check().problems
    assert len([one for one in problems if "capture entries" in one]) == 20
