import pytest

from accounts.errors import AlreadySetUp, EmailTaken
from accounts.models import Team, User
from accounts.services import ledger, users
from tests.accounts.people import role_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def fresh() -> User:
    owner = users.ensure_owner("owner@localhost.test")
    assert owner is not None
    return owner


def set_up(owner: User, *, email: str = "Olga@example.com", amount: int = 5_000_000) -> Team:
    return users.set_up(
        owner=owner,
        name="Olga Owner",
        email=email,
        password="a-long-passphrase",
        team_name="Northlight Studio",
        amount=amount,
    )


def test_a_person_comes_with_a_personal_team() -> None:
    assert users.create(email="mara@example.com").personal_team.name == "mara (personal)"


def test_the_first_owner_is_made_when_nobody_is_here(fresh: User) -> None:
    assert fresh.is_staff
    assert fresh.is_superuser
    assert users.needs_setup(fresh)
    assert fresh.personal_team


def test_the_first_owner_is_made_once(fresh: User) -> None:
    assert users.ensure_owner("somebody@else.test") == fresh


def test_no_owner_is_made_where_people_are() -> None:
    users.create(email="mara@example.com", password="a-long-passphrase")

    assert users.ensure_owner("owner@localhost.test") is None
    assert User.objects.count() == 1


def test_setting_up_names_the_owner_and_makes_the_team(fresh: User) -> None:
    team = set_up(fresh)

    fresh.refresh_from_db()
    assert (fresh.name, fresh.email) == ("Olga Owner", "olga@example.com")
    assert fresh.check_password("a-long-passphrase")
    assert role_of(fresh, team) == "owner"
    assert fresh.personal_team.name == "Olga Owner (personal)"
    assert ledger.balance(team=team).available == 5_000_000


def test_setting_up_without_credits_grants_none(fresh: User) -> None:
    assert ledger.balance(team=set_up(fresh, amount=0)).available == 0


def test_an_owner_sets_up_once(fresh: User) -> None:
    set_up(fresh)

    with pytest.raises(AlreadySetUp):
        set_up(fresh)
    assert Team.objects.filter(name="Northlight Studio").count() == 1
    assert users.ensure_owner("owner@localhost.test") is None


def test_a_taken_address_changes_nothing(fresh: User) -> None:
    users.create(email="olga@example.com")

    with pytest.raises(EmailTaken):
        set_up(fresh)

    fresh.refresh_from_db()
    assert users.needs_setup(fresh)
    assert not Team.objects.filter(name="Northlight Studio").exists()
