import pytest
from django.contrib.admin.models import LogEntry

from accounts.errors import AccountFrozen, NotAllowed, ReasonNeeded
from accounts.models import AccountKind, CreditAccount, Team, User
from accounts.services import freezing, ledger
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return factories.team(amount=100)


@pytest.fixture
def staff() -> User:
    return factories.staff()


def account(team: Team) -> CreditAccount:
    return CreditAccount.objects.get(team=team)


def test_a_frozen_team_spends_nothing_until_staff_lift_it(team: Team, staff: User) -> None:
    assert freezing.freeze(account=account(team).pk, why="held is 9")
    with pytest.raises(AccountFrozen):
        ledger.hold(team=team, amount=1, reference="r1")
    freezing.unfreeze(account=account(team), by=staff, reason="Corrected by entry 7")
    ledger.hold(team=team, amount=1, reference="r1")
    assert LogEntry.objects.get().change_message == "Unfrozen: Corrected by entry 7"


def test_the_first_reason_of_a_freeze_stands(team: Team) -> None:
    assert freezing.freeze(account=account(team).pk, why="first")
    assert not freezing.freeze(account=account(team).pk, why="second")
    assert account(team).frozen_because == "first"


def test_the_house_is_not_frozen() -> None:
    house = CreditAccount.objects.get(kind=AccountKind.REVENUE)
    assert not freezing.freeze(account=house.pk, why="keeps counters")


def test_only_staff_with_a_reason_lift_a_freeze(team: Team, staff: User) -> None:
    freezing.freeze(account=account(team).pk, why="held is 9")
    with pytest.raises(NotAllowed):
        freezing.unfreeze(account=account(team), by=factories.owner_of(team), reason="Please")
    with pytest.raises(ReasonNeeded):
        freezing.unfreeze(account=account(team), by=staff, reason=" ")
    assert account(team).frozen_at is not None
