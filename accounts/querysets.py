from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import BaseUserManager
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import ApiToken, Invitation, Membership, Team, User  # noqa: F401  # quoted


class UserManager(BaseUserManager["User"]):
    """Creates the row alone; `services.users.create` also gives the person a team."""

    def create_user(self, email: str, password: str | None = None, *, name: str = "") -> "User":
        return self._create(email, password, name=name, is_staff=False, is_superuser=False)

    def create_superuser(
        self, email: str, password: str | None = None, *, name: str = ""
    ) -> "User":
        return self._create(email, password, name=name, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())

    def owners_of(self, team: "Team") -> models.QuerySet["User"]:
        return self.filter(memberships__team=team, memberships__role="owner", is_active=True)

    def staff(self) -> models.QuerySet["User"]:
        return self.filter(is_staff=True, is_active=True)

    def _create(
        self, email: str, password: str | None, *, name: str, is_staff: bool, is_superuser: bool
    ) -> "User":
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(
            email=email.lower(), name=name, is_staff=is_staff, is_superuser=is_superuser
        )
        user.set_password(password)
        user.save(using=self._db)
        return user


class TeamQuerySet(models.QuerySet["Team"]):
    def for_user(self, user: "User") -> Self:
        """The teams of this person, their personal one last."""
        return self.filter(memberships__user=user).order_by(
            models.F("personal_owner").asc(nulls_first=True), "name", "id"
        )


class MembershipQuerySet(models.QuerySet["Membership"]):
    def for_user(self, user: "User") -> Self:
        """Shared teams in the order they were joined, the personal one last."""
        return (
            self.filter(user=user)
            .select_related("team")
            .order_by(models.F("team__personal_owner").asc(nulls_first=True), "created_at")
        )

    def owners(self) -> Self:
        return self.filter(role="owner")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> Self:
        return self.filter(
            accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
        ).order_by("-created_at")

    def take_back(self) -> int:
        """End those still open; the condition settles a race with somebody accepting."""
        open_ones = self.filter(accepted_at=None, revoked_at=None)
        return open_ones.update(revoked_at=timezone.now())


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def in_force(self) -> Self:
        """Neither revoked nor run out."""
        lasting = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        return self.filter(lasting, revoked_at=None)

    def seen_by(self, user: "User", team: "Team", *, everyones: bool) -> Self:
        """One's own tokens of a team, or everybody's there; not those that were revoked."""
        found = self.filter(team=team, revoked_at=None).select_related("user", "team")
        return found if everyones else found.filter(user=user)

    def revoke(self) -> int:
        return self.filter(revoked_at=None).update(revoked_at=timezone.now())
