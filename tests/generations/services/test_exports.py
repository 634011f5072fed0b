"""What was given out of a month, and whether it is given out the same again."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import BooksCheck, CreditAccount, Team
from generations.errors import StatementRefused
from generations.models import StatementExport
from generations.services import exports
from generations.services.exports import Likeness, Made
from generations.services.statement import Month
from tests import factories
from tests.generations.spending import account_of, granted, spent

pytestmark = pytest.mark.django_db

CREDIT = factories.CREDIT
# A month that nothing can be added to any more.
OVER = Month((timezone.now() - timedelta(days=70)).date().replace(day=1))
RUNNING = Month(timezone.now().date().replace(day=1))


@pytest.fixture
def team() -> Team:
    made = factories.team(amount=CREDIT)
    granted(made, 100 * CREDIT, on=OVER.first)
    spent(made, 3 * CREDIT, on=OVER.first + timedelta(days=3), by=factories.member(made))
    return made


def give(team: Team, month: Month = OVER) -> Made:
    made = exports.make(account_of(team), month)
    exports.remember(team=team, month=month, made=made, to=factories.owner_of(team))
    return made


def likeness(team: Team) -> Likeness | None:
    made = exports.make(account_of(team), OVER)
    found = exports.compare(account_of(team), OVER, made)
    return found.likeness if found else None


def test_what_was_given_out_is_remembered(team: Team) -> None:
    made = give(team)
    kept = StatementExport.objects.get()
    assert (kept.digest, kept.rows, kept.last_entry) == (
        made.digest,
        2,
        account_of(team).debits.get().pk,
    )
    assert (kept.given_to, kept.is_final) == (factories.owner_of(team), True)


def test_the_same_file_is_remembered_once_as_of_the_first_time(team: Team) -> None:
    give(team)
    first: datetime = StatementExport.objects.get().given_at
    give(team)
    assert [one.given_at for one in StatementExport.objects.all()] == [first]


def test_what_was_never_given_out_is_like_nothing(team: Team) -> None:
    assert likeness(team) is None


def test_a_month_that_is_over_is_given_out_the_same_again(team: Team) -> None:
    give(team)
    spent(team, CREDIT, on=timezone.now().date())
    assert likeness(team) == Likeness.SAME


def test_a_member_who_took_another_address_changes_no_figure(team: Team) -> None:
    give(team)
    spender = team.requests.get().user
    spender.email = "renamed@example.com"
    spender.save()
    assert likeness(team) == Likeness.RENAMED
    give(team)
    assert likeness(team) == Likeness.SAME


def test_an_entry_that_came_into_a_month_that_was_over_is_noticed(team: Team) -> None:
    give(team)
    granted(team, CREDIT, on=OVER.first + timedelta(days=9))
    assert likeness(team) == Likeness.DIFFERENT
    give(team)
    assert likeness(team) == Likeness.DIFFERENT  # Giving the wrong one out does not make it right.


def test_a_file_of_a_month_that_still_runs_proves_nothing(team: Team) -> None:
    give(team, RUNNING)
    assert StatementExport.objects.get().is_final is False
    made = exports.make(account_of(team), RUNNING)
    assert exports.compare(account_of(team), RUNNING, made) is None


def test_a_month_without_entries_is_a_file_too(team: Team) -> None:
    give(team, OVER.previous)
    kept = StatementExport.objects.get()
    assert (kept.rows, kept.last_entry) == (0, None)


def test_while_its_books_are_wrong_a_team_gets_no_statement(team: Team) -> None:
    account = CreditAccount.objects.get(team=team)
    found = {"I1": {"count": 1, "accounts": [account.pk], "house": False}}
    BooksCheck.objects.create(entries=1, problems=["wrong"], found=found, seconds=0)
    with pytest.raises(StatementRefused, match="do not balance"):
        exports.require_sound(account)
    exports.require_sound(account_of(factories.team()))
    BooksCheck.objects.create(entries=1, seconds=0)
    exports.require_sound(account)


def test_what_was_given_out_cannot_be_denied(team: Team) -> None:
    give(team)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("DELETE FROM generations_statementexport")
