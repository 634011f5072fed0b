"""Several requests at once: all of them or none, at a price that was agreed to, once."""

from uuid import UUID, uuid4, uuid5

import pytest

from accounts.errors import InsufficientCredits, NotAllowed
from accounts.models import Hold, Role, Team, User
from accounts.services import ledger, teams
from generations import catalog
from generations.errors import Dearer
from generations.models import GenerationRequest
from generations.services import together
from generations.services.together import Part
from tests import factories
from tests.factories import PRICE

pytestmark = pytest.mark.django_db

DEV = catalog.get_model(factories.MODEL)


@pytest.fixture
def team() -> Team:
    return factories.team()


@pytest.fixture
def member(team: Team) -> User:
    return factories.member(team)


def submit(
    by: User, team: Team, *, count: int = 3, agreed: int = 3 * PRICE, key: UUID | None = None
) -> list[GenerationRequest]:
    base = key or uuid4()
    parts = [Part(DEV, {"seed": seed}, uuid5(base, str(seed))) for seed in range(1, count + 1)]
    return together.submit(by=by, team=team, prompt="A heron", parts=parts, agreed=agreed)


def nothing_was_made() -> bool:
    return not GenerationRequest.objects.exists() and not Hold.objects.exists()


def test_each_is_a_request_with_a_hold_of_its_own(team: Team, member: User) -> None:
    made = submit(member, team)

    assert [one.params["seed"] for one in made] == [1, 2, 3]
    assert [one.hold.amount for one in made] == [PRICE] * 3
    assert ledger.balance(team=team).held == 3 * PRICE


def test_more_than_was_agreed_to_is_not_held(team: Team, member: User) -> None:
    with pytest.raises(Dearer, match="Press it again"):
        submit(member, team, agreed=3 * PRICE - 1)

    assert nothing_was_made()
    assert ledger.balance(team=team).held == 0


def test_credits_for_some_are_not_enough_for_any() -> None:
    poor = factories.team(amount=2 * PRICE)

    with pytest.raises(InsufficientCredits):
        submit(factories.owner_of(poor), poor)

    assert nothing_was_made()


def test_the_same_again_is_the_same_and_holds_nothing_more(team: Team, member: User) -> None:
    key = uuid4()

    assert submit(member, team, key=key) == submit(member, team, key=key)

    assert ledger.balance(team=team).held == 3 * PRICE


def test_whoever_may_not_make_images_asks_for_none(team: Team) -> None:
    with pytest.raises(NotAllowed):
        submit(factories.member(team, Role.VIEWER), team)

    assert nothing_was_made()


def test_a_member_who_left_asks_for_none(team: Team, member: User) -> None:
    teams.remove_member(by=factories.owner_of(team), team=team, user=member)

    with pytest.raises(NotAllowed):
        submit(member, team)

    assert nothing_was_made()


def test_one_key_draws_one_seed_that_every_model_takes() -> None:
    keys = [uuid4() for _ in range(200)]

    seeds = [together.seed(key) for key in keys]

    assert seeds == [together.seed(key) for key in keys]
    assert len(set(seeds)) > 190
    assert all(1 <= seed <= together.SEEDS for seed in seeds)
