import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Role
from accounts.permissions import ROLE_PERMISSIONS, Permission, has_permission
from accounts.services.teams import create_personal_team
from tests.accounts.people import People

EXPECTED = {
    Permission.VIEW_IMAGES: {"owner", "admin", "member", "viewer"},
    Permission.REPORT_IMAGE: {"owner", "admin", "member", "viewer"},
    Permission.GENERATE: {"owner", "admin", "member"},
    Permission.SHARE: {"owner", "admin", "member"},
    Permission.ORGANISE: {"owner", "admin", "member"},
    Permission.VIEW_LEDGER: {"owner", "admin"},
    Permission.APPROVE: {"owner", "admin"},
    Permission.MANAGE_IMAGES: {"owner", "admin"},
    Permission.MANAGE_MEMBERS: {"owner", "admin"},
    Permission.MANAGE_TEAM: {"owner"},
}


def test_every_role_and_permission_is_decided() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set(EXPECTED) == set(Permission)


@pytest.mark.parametrize("permission", Permission)
def test_a_permission_belongs_to_its_roles_alone(permission: Permission, people: People) -> None:
    roles = ("owner", "admin", "member", "viewer", "outsider")
    holders = {r for r in roles if has_permission(people.named(r), permission, people.team)}

    assert holders == EXPECTED[permission]


def test_somebody_not_signed_in_has_no_permission(people: People) -> None:
    assert not has_permission(AnonymousUser(), Permission.VIEW_IMAGES, people.team)


def test_a_deactivated_owner_has_no_permission(people: People) -> None:
    people.owner.is_active = False

    assert not has_permission(people.owner, Permission.VIEW_IMAGES, people.team)


def test_a_personal_team_has_no_members_to_manage(people: People) -> None:
    personal = create_personal_team(people.owner)

    assert has_permission(people.owner, Permission.GENERATE, personal)
    assert not has_permission(people.owner, Permission.MANAGE_MEMBERS, personal)
