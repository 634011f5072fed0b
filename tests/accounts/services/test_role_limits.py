from decimal import Decimal

import pytest
from django.db import IntegrityError

from accounts.errors import NotAllowed
from accounts.models import Membership, Role, RoleLimit, Team
from accounts.services import role_limits
from accounts.services.role_limits import Most
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return factories.team()


def set_limits(team: Team, most: Most) -> RoleLimit:
    """Of its members."""
    limits = {Role.MEMBER: most}
    role_limits.set_limits(by=factories.owner_of(team), team=team, limits=limits)
    return RoleLimit.objects.get(team=team, role=Role.MEMBER)


def membership(team: Team, role: Role) -> Membership:
    return Membership.objects.get(team=team, user=factories.member(team, role))


def test_a_limit_is_of_one_role_in_one_team(team: Team) -> None:
    limit = set_limits(team, Most(most_open=3))
    assert role_limits.of_member(membership(team, Role.MEMBER)) == limit
    assert role_limits.of_member(membership(team, Role.ADMIN)) is None
    assert role_limits.of_member(membership(factories.team(), Role.MEMBER)) is None


def test_what_is_set_again_replaces_what_was_there(team: Team) -> None:
    set_limits(team, Most(most_open=3, most_images=2))
    limit = set_limits(team, Most(most_megapixels=Decimal("0.5")))
    assert (limit.most_open, limit.most_images) == (None, None)
    assert role_limits.of_team(team) == {Role.MEMBER: limit}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.VIEWER])
def test_only_owners_limit_roles(team: Team, role: Role) -> None:
    with pytest.raises(NotAllowed):
        role_limits.set_limits(by=factories.member(team, role), team=team, limits={role: Most()})
    assert not RoleLimit.objects.exists()


@pytest.mark.parametrize(
    "nothing", [Most(most_open=0), Most(most_megapixels=Decimal(0)), Most(most_images=0)]
)
def test_a_limit_leaves_something(team: Team, nothing: Most) -> None:
    with pytest.raises(IntegrityError, match="role_limit_leaves_something"):
        set_limits(team, nothing)


def test_only_roles_that_make_images_are_limited() -> None:
    assert set(role_limits.LIMITED_ROLES) == {Role.OWNER, Role.ADMIN, Role.MEMBER}


@pytest.mark.parametrize(
    ("most", "allowed"), [(None, True), (Decimal("0.75"), True), (Decimal("0.74"), False)]
)
def test_a_size_may_be_as_large_as_the_limit(most: Decimal | None, allowed: bool) -> None:
    assert RoleLimit(most_megapixels=most).allows_size(Decimal("0.75")) is allowed


@pytest.mark.parametrize(("most", "allowed"), [(None, True), (3, True), (2, False)])
def test_as_many_images_may_be_asked_for_as_the_limit(most: int | None, allowed: bool) -> None:
    assert RoleLimit(most_images=most).allows_images(3) is allowed


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (
            RoleLimit(role=Role.MEMBER, most_megapixels=Decimal("1.00")),
            "Members of this team may make images of up to 1 megapixel.",
        ),
        (
            RoleLimit(role=Role.ADMIN, most_megapixels=Decimal("10.50")),
            "Admins of this team may make images of up to 10.5 megapixels.",
        ),
    ],
)
def test_a_limit_of_size_is_said_in_words(limit: RoleLimit, words: str) -> None:
    assert limit.size_words == words


@pytest.mark.parametrize(
    ("most", "images", "requests"), [(1, "1 image ", "1 request "), (2, "2 images", "2 requests")]
)
def test_limits_of_numbers_are_said_in_words(most: int, images: str, requests: str) -> None:
    limit = RoleLimit(role=Role.OWNER, most_images=most, most_open=most)
    assert images in limit.images_words
    assert requests in limit.open_words
