"""Limits on what a role may ask for. They are kept here, and judged where requests are made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.errors import NotAllowed
from accounts.models import Membership, Role, RoleLimit, Team, User
from accounts.permissions import ROLE_PERMISSIONS, Permission, has_permission

# Who makes no images needs no limit.
LIMITED_ROLES = tuple(role for role in Role if Permission.GENERATE in ROLE_PERMISSIONS[role])


@dataclass(frozen=True, slots=True)
class Most:
    """What a role may have at most; None is not limited."""

    most_open: int | None = None
    most_megapixels: Decimal | None = None
    most_images: int | None = None


def set_limits(*, by: User, team: Team, limits: Mapping[Role, Most]) -> None:
    """Replace the limits of these roles, all or none."""
    if not has_permission(by, Permission.MANAGE_TEAM, team):
        raise NotAllowed
    with transaction.atomic():
        for role, most in limits.items():
            values = {**asdict(most), "set_by": by, "set_at": timezone.now()}
            RoleLimit.objects.update_or_create(team=team, role=role, defaults=values)


def of_team(team: Team) -> dict[Role, RoleLimit]:
    return {Role(limit.role): limit for limit in RoleLimit.objects.filter(team=team)}


def of_member(membership: Membership) -> RoleLimit | None:
    """The limit of the role that this person has in the team."""
    return RoleLimit.objects.filter(team=membership.team_id, role=membership.role).first()
