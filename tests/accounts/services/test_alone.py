"""What one member of staff does alone in a day is one sum, in however many pieces."""

from functools import partial
from threading import Barrier

import pytest

from accounts.models import ChangeKind, ChangeState, Team, User
from accounts.services import alone, changes, ledger
from config.ids import uuid7
from tests import factories
from tests.accounts.race import together
from tests.accounts.tampering import tamper
from tests.factories import change

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("little_alone"),
]

OVERDRAFT = ChangeKind.OVERDRAFT
A_DAY_AGO = "UPDATE accounts_ledgerentry SET created_at = created_at - interval '25 hours'"


@pytest.fixture
def team() -> Team:
    """A team with 100 microcredits."""
    return factories.team(amount=100)


def test_what_is_done_alone_in_a_day_adds_up_over_all_teams(team: Team, first: User) -> None:
    made = [change(one, first, amount) for one, amount in ((team, 8), (factories.team(), -8))]
    assert [one.state for one in made] == ["done", "done"]
    assert change(team, first, 5).state == ChangeState.WAITING
    assert change(team, first, 4).state == ChangeState.DONE
    assert change(team, factories.staff(), 20).state == ChangeState.DONE


def test_what_two_agreed_to_and_what_is_a_day_old_does_not_count(team: Team, first: User) -> None:
    second = factories.staff()
    changes.decide(by=second, change=change(team, first, 500), agrees=True)
    change(team, first, 20)
    assert change(team, first, 1).state == ChangeState.WAITING
    tamper(A_DAY_AGO)
    assert change(team, first, 20).state == ChangeState.DONE


def test_an_overdraft_raised_in_steps_takes_two_as_in_one(team: Team, first: User) -> None:
    assert change(team, first, 12, kind=OVERDRAFT).state == ChangeState.DONE
    assert change(team, first, 24, kind=OVERDRAFT).state == ChangeState.WAITING
    assert ledger.balance(team=team).overdraft == 12
    assert change(team, first, 0, kind=OVERDRAFT).state == ChangeState.DONE


def test_of_one_s_own_said_again_nothing_is_counted_twice(team: Team, first: User) -> None:
    key = uuid7()
    for _ in range(2):
        assert change(team, first, 15, key=key).state == ChangeState.DONE
    assert alone.done(first) == 15


def two_at_once(first: User) -> list[str]:
    """What becomes of two changes that are each just small enough."""
    teams = [factories.team(amount=100) for _ in range(2)]
    made = together(*[partial(change, one, first, 12) for one in teams])
    return sorted(getattr(one, "state", repr(one)) for one in made)


def test_of_two_at_once_one_is_done_alone(first: User) -> None:
    for _ in range(5):
        assert two_at_once(first) == ["done", "waiting"]
        tamper(A_DAY_AGO)


def test_without_taking_turns_both_find_room_for_themselves_alone(
    first: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: each has added up before the other has booked."""
    added_up, add_up = Barrier(2), alone.done

    def and_wait(by: User) -> int:
        found = add_up(by)
        added_up.wait(timeout=10)
        return found

    monkeypatch.setattr(alone, "done", and_wait)
    monkeypatch.setattr(alone, "in_turn", lambda by: None)
    assert two_at_once(first) == ["done", "done"]
