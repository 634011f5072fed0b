"""Comparison runs at once, with each other and with requests that stand alone."""

from collections.abc import Iterator
from functools import partial
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from accounts.errors import OverLimit
from accounts.models import Hold, Team, User
from accounts.services import budgets, ledger
from generations.models import Comparison, GenerationRequest
from generations.providers.errors import ErrorKind
from generations.services import audit, comparisons
from generations.services import together as jointly
from tests import factories
from tests.accounts.race import together
from tests.generations.runs import ALL, DEV, SCHNELL, ULTRA, requests_of, start
from tests.generations.views.studio import failed

pytestmark = pytest.mark.django_db(transaction=True)

PRICE_OF_ALL = 10_000_000


@pytest.fixture(autouse=True)
def _the_books_agree() -> Iterator[None]:
    yield
    assert audit.check_ledger().problems == []


@pytest.fixture
def team() -> Team:
    return factories.team()


def run(by: User, team: Team, *models: str, key: UUID | None = None) -> UUID:
    made: UUID = start(by, team, *models, key=key).pk
    return made


def limit_everything(team: Team) -> None:
    """Of single models before and after that of all: holds lock them in this order."""
    for model in (ULTRA, "", DEV, SCHNELL):
        budgets.windows([factories.limit(team, amount=900 * factories.CREDIT, model=model)])


def crowd(team: Team) -> list[object]:
    """Runs in every order of the models, and single requests, by people of their own."""
    runs = [partial(run, factories.member(team), team, *order) for order in permutations(ALL)]
    alone = [
        partial(factories.request, of=team, by=factories.member(team), model=model)
        for model in ALL * 2
    ]
    return together(*runs, *alone)


def test_a_double_press_at_once_is_one_run(team: Team) -> None:
    key, owner = uuid4(), factories.owner_of(team)

    made = together(*[partial(run, owner, team, key=key)] * 8)

    assert set(made) == {Comparison.objects.get().pk}
    assert GenerationRequest.objects.count() == Hold.objects.count() == len(ALL)


def test_a_cell_that_failed_is_tried_again_once_however_many_press(team: Team) -> None:
    started = start(factories.owner_of(team), team, DEV, SCHNELL)
    failed(requests_of(started)[0], ErrorKind.SERVER)
    cell = started.cells.get(position=0)
    people = [factories.owner_of(team)] * 4 + [factories.member(team) for _ in range(4)]

    made = together(
        *(partial(comparisons.retry, by=one, cell=cell, agreed=factories.PRICE) for one in people)
    )

    assert made == [requests_of(started)[0]] * 8
    assert GenerationRequest.objects.count() == Hold.objects.count() == 3


def test_runs_wait_for_each_other_in_one_order(team: Team) -> None:
    limit_everything(team)

    made = crowd(team)

    assert [one for one in made if isinstance(one, Exception)] == []
    assert ledger.balance(team=team).held == (6 + 2) * PRICE_OF_ALL


def test_without_that_order_they_wait_in_a_circle(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_everything(team)
    monkeypatch.setattr(jointly, "_lock", lambda by, team, parts: None)

    circles = [one for _ in range(5) for one in crowd(team) if "deadlock" in str(one)]

    assert circles


def test_of_runs_that_want_the_last_room_whole_ones_get_it(team: Team) -> None:
    factories.limit(team, amount=2 * PRICE_OF_ALL + factories.PRICE)

    made = together(*[partial(run, factories.member(team), team) for _ in range(6)])

    assert sum(isinstance(one, UUID) for one in made) == 2
    assert sum(isinstance(one, OverLimit) for one in made) == 4
    assert ledger.balance(team=team).held == 2 * PRICE_OF_ALL
