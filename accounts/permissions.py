"""What a role may do, as data. A permission is asked about in a team; nobody has any outside."""

from collections.abc import Mapping
from enum import StrEnum

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import Membership, Role, Team, User


class Permission(StrEnum):
    VIEW_IMAGES = "view_images"
    REPORT_IMAGE = "report_image"
    GENERATE = "generate"
    SHARE = "share"  # show images to people outside by a link
    ORGANISE = "organise"  # make collections, and change those of the team
    VIEW_LEDGER = "view_ledger"
    APPROVE = "approve"
    MANAGE_IMAGES = "manage_images"  # move others' images to the trash and back
    MANAGE_MEMBERS = "manage_members"
    MANAGE_TEAM = "manage_team"


_VIEWER = frozenset({Permission.VIEW_IMAGES, Permission.REPORT_IMAGE})
_MEMBER = _VIEWER | {Permission.GENERATE, Permission.SHARE, Permission.ORGANISE}
_ADMIN = _MEMBER | {
    Permission.VIEW_LEDGER,
    Permission.APPROVE,
    Permission.MANAGE_IMAGES,
    Permission.MANAGE_MEMBERS,
}
_OWNER = _ADMIN | {Permission.MANAGE_TEAM}

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}


def permissions_of(membership: Membership) -> frozenset[Permission]:
    granted = ROLE_PERMISSIONS[Role(membership.role)]
    # A personal team is one person's, so there is nobody to manage in it.
    return granted - {Permission.MANAGE_MEMBERS} if membership.team.is_personal else granted


def has_permission(
    user: AbstractBaseUser | AnonymousUser, permission: Permission, team: Team
) -> bool:
    return permission in permissions_in(team, user)


def permissions_in(team: Team, user: AbstractBaseUser | AnonymousUser) -> frozenset[Permission]:
    """All that a person may do in a team, in one query."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    membership = Membership.objects.filter(team=team, user=user.pk).select_related("team").first()
    return permissions_of(membership) if membership else frozenset()


def holders(permission: Permission, team: Team) -> QuerySet[User]:
    """The active members whose role covers this, those first who joined first."""
    members = User.objects.filter(
        memberships__team=team, memberships__role__in=roles_with(permission), is_active=True
    )
    return members.order_by("memberships__created_at")


def roles_with(permission: Permission) -> list[Role]:
    return [role for role, granted in ROLE_PERMISSIONS.items() if permission in granted]


def assignable_roles(membership: Membership) -> tuple[Role, ...]:
    """The roles this member may give and take. Only owners deal with owners."""
    if Permission.MANAGE_MEMBERS not in permissions_of(membership):
        return ()
    if membership.role == Role.OWNER:
        return tuple(Role)
    return tuple(role for role in Role if role is not Role.OWNER)
