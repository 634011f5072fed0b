"""Who may ask for what, at the moment in which the request is made."""

from decimal import Decimal
from uuid import uuid4

import pytest
from pytest_django import Settings

from accounts.errors import NotAllowed
from accounts.models import Hold, Role, Team, User
from accounts.services import ledger, role_limits, teams
from accounts.services.role_limits import Most
from generations.errors import InvalidRequest, QueueFull, TooManyOpen
from generations.models import GenerationRequest
from generations.services import admitting, requests
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return factories.team()


@pytest.fixture
def member(team: Team) -> User:
    return factories.member(team)


def limit(team: Team, most: Most, role: Role = Role.MEMBER) -> None:
    role_limits.set_limits(by=factories.owner_of(team), team=team, limits={role: most})


def ask(team: Team, by: User, **params: object) -> GenerationRequest:
    return factories.request(of=team, by=by, params=params)


def test_more_images_than_a_role_may_have_are_refused_beside_their_field(
    team: Team, member: User
) -> None:
    limit(team, Most(most_images=2))
    with pytest.raises(InvalidRequest) as refused:
        ask(team, member, num_images=3)
    assert refused.value.errors == {
        "num_images": "Members of this team may ask for up to 2 images at once."
    }
    assert not Hold.objects.exists()
    assert ask(team, member, num_images=2).num_images == 2


def test_a_larger_image_than_a_role_may_have_is_refused_beside_its_field(
    team: Team, member: User
) -> None:
    limit(team, Most(most_megapixels=Decimal(1)))
    with pytest.raises(InvalidRequest) as refused:
        ask(team, member, image_size="1056x1024")
    assert refused.value.errors == {
        "image_size": "Members of this team may make images of up to 1 megapixel."
    }


def test_a_person_has_as_many_requests_open_as_their_role_may(team: Team, member: User) -> None:
    limit(team, Most(most_open=2))
    first, _ = ask(team, member), ask(team, member)
    with pytest.raises(TooManyOpen, match="may have 2 requests open at once"):
        ask(team, member)
    assert ledger.balance(team=team).held == 2 * factories.PRICE
    requests.cancel(request=first)
    assert ask(team, member).is_open


def test_what_is_done_is_not_open(team: Team, member: User) -> None:
    limit(team, Most(most_open=1))
    factories.succeeded(ask(team, member))
    assert ask(team, member).is_open


def test_what_others_have_open_does_not_count(team: Team, member: User) -> None:
    limit(team, Most(most_open=1))
    ask(team, factories.member(team))
    elsewhere = factories.team(owner=member)
    ask(elsewhere, member)
    assert ask(team, member).is_open


def test_another_role_has_other_limits(team: Team, member: User) -> None:
    limit(team, Most(most_images=1))
    assert ask(team, factories.owner_of(team), num_images=4).num_images == 4
    teams.change_role(by=factories.owner_of(team), team=team, user=member, role=Role.ADMIN)
    assert ask(team, member, num_images=4).num_images == 4


def test_a_request_said_again_is_the_first_one_whatever_the_limit_is_now(
    team: Team, member: User
) -> None:
    key = uuid4()
    first = factories.request(of=team, by=member, key=key, params={"num_images": 4})
    limit(team, Most(most_images=1, most_open=1))
    again = factories.request(of=team, by=member, key=key, params={"num_images": 4})
    assert again == first


def test_whoever_was_removed_meanwhile_is_refused(team: Team, member: User) -> None:
    wanted = GenerationRequest(team=team, user=member, model=factories.MODEL, params={})
    admitting.admit(wanted)
    teams.remove_member(by=member, team=team, user=member)
    with pytest.raises(NotAllowed):
        admitting.admit(wanted)


def test_a_team_has_as_many_requests_open_as_fit_into_its_queue(
    team: Team, member: User, settings: Settings
) -> None:
    settings.TEAM_QUEUE_LIMIT = 2
    first, _ = ask(team, member), ask(team, factories.owner_of(team))
    with pytest.raises(QueueFull, match=r"2 requests open.*Nothing was charged.*Wait until"):
        ask(team, member)
    assert ledger.balance(team=team).held == 2 * factories.PRICE
    assert factories.request().is_open
    requests.cancel(request=first)
    assert ask(team, member).is_open


def test_what_was_taken_before_the_queue_was_full_is_found_again(
    team: Team, settings: Settings
) -> None:
    settings.TEAM_QUEUE_LIMIT = 1
    key = uuid4()
    first = factories.request(of=team, key=key)
    assert factories.request(of=team, key=key) == first
