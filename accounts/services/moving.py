"""Between which teams a person may move credits, and how many."""

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import CreditAccount, Role, Team, User
from accounts.services import lots


@dataclass(frozen=True, slots=True)
class Room:
    """What a team has, and what of it may leave it."""

    available: int = 0
    movable: int = 0

    @property
    def staying(self) -> int:
        return max(self.available - self.movable, 0)


def movable(account: CreditAccount) -> int:
    """What may be moved to another team now: of the kinds that may, and neither held nor over."""
    now = timezone.now()
    found = [one for one in lots.left(account) if one.lot.kind in lots.MOVABLE]
    return sum(one.free for one in found if one.is_open(now))


def room(team: Team) -> Room:
    account = CreditAccount.objects.filter(team=team).first()
    if account is None:
        return Room()
    most = min(movable(account), max(account.available, 0))
    return Room(account.available, 0 if account.frozen_at else most)


def others(user: User, team: Team) -> list[Team]:
    """The other teams that this person owns, by name, the personal one last."""
    owned = Team.objects.filter(memberships__user=user, memberships__role=Role.OWNER)
    found = owned.exclude(pk=team.pk).distinct()
    return sorted(found, key=lambda one: (one.is_personal, one.name.casefold(), one.slug))
