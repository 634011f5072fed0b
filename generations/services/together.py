"""Several requests asked for at once: what all of them come to, and then all of them or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from accounts.models import Team, User
from accounts.permissions import Permission
from accounts.services import budgets, teams
from accounts.services.rooms import Room
from generations.catalog import Model
from generations.errors import Dearer
from generations.models import GenerationRequest, Image, Visibility
from generations.parameters import Json
from generations.services import requests
from generations.services.previews import Preview, fullest

SEEDS = 2**32 - 1  # as many as every model takes


@dataclass(frozen=True, slots=True)
class Part:
    """One of the requests. The same key with the same content is the same request."""

    model: Model
    params: Mapping[str, Json]
    key: UUID


@dataclass(frozen=True, slots=True)
class Together:
    """What a person is told of all of them before they press."""

    parts: tuple[Preview, ...]

    @property
    def amount(self) -> int:
        return sum(part.amount for part in self.parts)

    @property
    def available(self) -> int:
        return min((part.available for part in self.parts), default=0)

    @property
    def missing(self) -> int:
        return max(self.amount - self.available, 0)

    @property
    def usual_seconds(self) -> float:
        return max((part.usual_seconds for part in self.parts), default=0)

    @property
    def waiting(self) -> int:
        """How many of them wait for approval."""
        return sum(part.needs_approval for part in self.parts)

    @property
    def told(self) -> list[Room]:
        return fullest(self._rooms)

    @property
    def refused_by(self) -> Room | None:
        """The limit that has less room than those of them need which it applies to."""
        short = [room for room in self._rooms if room.left < self._needed_of(room)]
        return min(short, key=lambda room: room.left - self._needed_of(room), default=None)

    @property
    def over_by(self) -> int:
        room = self.refused_by
        return self._needed_of(room) - room.left if room else 0

    @property
    def asked_for(self) -> int:
        """What the limit that refuses it would have to leave; else all."""
        room = self.refused_by
        return self._needed_of(room) if room else self.amount

    @property
    def _rooms(self) -> tuple[Room, ...]:
        return tuple({room.budget.pk: room for part in self.parts for room in part.rooms}.values())

    def _needed_of(self, room: Room) -> int:
        return sum(
            part.amount
            for part in self.parts
            if any(other.budget.pk == room.budget.pk for other in part.rooms)
        )


def submit(
    *,
    by: User,
    team: Team,
    prompt: str,
    parts: Sequence[Part],
    agreed: int,
    visibility: Visibility = Visibility.TEAM,
    made_from: Image | None = None,
) -> list[GenerationRequest]:
    """Ask for all of them, each with a hold of its own, or for none.

    `agreed` is what the person was told that all of it costs, in microcredits. Raises Dearer where
    it is more by now, else as `requests.submit` does.
    """
    with transaction.atomic():
        _lock(by, team, parts)
        made = [
            requests.submit(
                by=by,
                team=team,
                model_id=part.model.id,
                prompt=prompt,
                params=part.params,
                idempotency_key=part.key,
                visibility=visibility,
                made_from=made_from,
            )
            for part in parts
        ]
        if sum(one.hold.amount for one in made) > agreed:
            raise Dearer
    return made


def seed(key: UUID) -> int:
    """One for all of them; the same key draws the same again."""
    return 1 + key.int % SEEDS


def _lock(by: User, team: Team, parts: Sequence[Part]) -> None:
    """All that the holds will lock one after the other, in the order that every hold keeps to.

    Otherwise a limit of the second model could be waited for with the team's account in hand.
    """
    teams.keep_permission(by, Permission.GENERATE, team)
    budgets.lock(
        limit
        for model in dict.fromkeys(part.model.id for part in parts)
        for limit in budgets.applying(team=team, spender=by, model=model)
    )
