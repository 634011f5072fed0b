"""What a person may have open, and who they still are, under many requests at once.

Each guard has a twin without it, which shows the race.
"""

from collections.abc import Iterator
from functools import partial
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import QuerySet

from accounts.errors import NotAllowed
from accounts.models import Hold, Membership, Role, Team, User
from accounts.permissions import Permission
from accounts.services import ledger, role_limits, teams
from accounts.services.role_limits import Most
from generations.errors import TooManyOpen
from generations.models import GenerationRequest
from generations.services import admitting, audit, requests
from tests import factories
from tests.accounts.race import together

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 16
ROOM_FOR = 3


@pytest.fixture(autouse=True)
def _the_books_agree() -> Iterator[None]:
    yield
    assert audit.check_ledger().problems == []


@pytest.fixture
def team() -> Team:
    return factories.team()


@pytest.fixture
def member(team: Team) -> User:
    """Of whose requests three may be open."""
    limits = {Role.MEMBER: Most(most_open=ROOM_FOR)}
    role_limits.set_limits(by=factories.owner_of(team), team=team, limits=limits)
    return factories.member(team)


def ask(team: Team, by: User) -> object:
    return factories.request(of=team, by=by).status


def test_with_room_for_three_sixteen_clients_have_exactly_three_open(
    team: Team, member: User
) -> None:
    outcomes = together(*[partial(ask, team, member)] * CLIENTS)
    assert sorted(str(type(one)) for one in outcomes) == sorted(
        [str(TooManyOpen)] * (CLIENTS - ROOM_FOR) + [str(str)] * ROOM_FOR
    )
    assert GenerationRequest.objects.count() == Hold.objects.count() == ROOM_FOR
    assert ledger.balance(team=team).held == ROOM_FOR * factories.PRICE


def test_counted_without_the_lock_more_are_open_than_may_be(
    team: Team, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the membership is read and not locked, so each counts before the others are in."""
    counted = Barrier(CLIENTS)

    def read(actor: User, _: Permission, of: Team) -> Membership:
        return Membership.objects.get(user=actor, team=of)

    def look_and_wait(wanted: GenerationRequest) -> QuerySet[GenerationRequest]:
        counted.wait()  # Twice: who has counted goes no further before all have.
        return still_open(wanted)

    still_open = admitting._open  # what is guarded
    monkeypatch.setattr(teams, "keep_permission", read)
    monkeypatch.setattr(admitting, "_open", look_and_wait)
    together(*[partial(ask, team, member)] * CLIENTS)
    assert GenerationRequest.objects.count() == CLIENTS


def test_a_key_said_by_many_at_once_takes_one_of_the_places(team: Team, member: User) -> None:
    key = uuid4()
    for _ in range(ROOM_FOR - 1):
        ask(team, member)
    made = together(*[lambda: factories.request(of=team, by=member, key=key).pk] * CLIENTS)
    assert len(set(made)) == 1
    assert GenerationRequest.objects.count() == ROOM_FOR


def test_places_that_others_free_meanwhile_are_never_given_twice(team: Team, member: User) -> None:
    def ask_and_cancel() -> None:
        for _ in range(5):
            try:
                made = factories.request(of=team, by=member)
            except TooManyOpen:
                continue
            assert still_open() <= ROOM_FOR
            requests.cancel(request=made)

    def still_open() -> int:
        return GenerationRequest.objects.filter(status="queued").count()

    assert together(*[ask_and_cancel] * CLIENTS) == [None] * CLIENTS
    assert still_open() == 0


# A member who is removed while they ask.


def test_whoever_is_removed_while_they_ask_asks_for_nothing_afterwards(team: Team) -> None:
    member, owner = factories.member(team), factories.owner_of(team)
    removed_at: list[int] = []

    def remove() -> None:
        teams.remove_member(by=owner, team=team, user=member)
        removed_at.append(GenerationRequest.objects.count())

    outcomes = together(*[partial(ask, team, member)] * (CLIENTS - 1), remove)
    refused = [one for one in outcomes if isinstance(one, NotAllowed)]
    made = GenerationRequest.objects.count()
    assert [made] == removed_at
    assert made + len(refused) == CLIENTS - 1


def test_a_request_in_the_making_is_waited_for_by_whoever_removes_its_author(team: Team) -> None:
    member, owner = factories.member(team), factories.owner_of(team)
    admitted, order = Barrier(2), []

    def make() -> None:
        with transaction.atomic():
            ask(team, member)
            admitted.wait()
            order.append("made")

    def remove() -> None:
        admitted.wait()
        teams.remove_member(by=owner, team=team, user=member)
        order.append("removed")

    assert together(make, remove) == [None, None]
    assert order == ["made", "removed"]


def test_asked_before_and_not_kept_a_removed_member_still_spends(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the permission is looked at, and the hold is placed when it is gone."""
    member, owner = factories.member(team), factories.owner_of(team)
    looked, removed = Barrier(2), Barrier(2)

    def look(actor: User, _: Permission, of: Team) -> Membership:
        found = Membership.objects.get(user=actor, team=of)
        looked.wait()
        removed.wait()
        return found

    def remove() -> None:
        looked.wait()
        teams.remove_member(by=owner, team=team, user=member)
        removed.wait()

    monkeypatch.setattr(teams, "keep_permission", look)
    together(partial(ask, team, member), remove)
    assert GenerationRequest.objects.filter(user=member).count() == 1
    assert not Membership.objects.filter(user=member, team=team).exists()
