"""What a request would cost and what there is for it, before anybody presses: for the composer
and for whoever asks the API for a price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import ApiToken, Team, User
from accounts.services import budgets, ledger
from accounts.services.rooms import Room
from generations.catalog import Model
from generations.parameters import Json
from generations.services import approvals, offers, usage
from generations.services.offers import Offer
from generations.services.price_book import PriceList

LOOKS_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Preview:
    """Amounts in microcredits; `amount` is the hold, `rooms` the limits it has to keep within."""

    offer: Offer
    available: int
    rooms: tuple[Room, ...]
    usual_seconds: float
    needs_approval: bool

    @property
    def amount(self) -> int:
        return self.offer.amount

    @property
    def missing(self) -> int:
        return max(self.amount - self.available, 0)

    @property
    def narrowest(self) -> Room | None:
        return min(self.rooms, key=lambda room: room.left, default=None)

    @property
    def refused_by(self) -> Room | None:
        """The limit that has less room than this needs."""
        room = self.narrowest
        return room if room and room.left < self.amount else None

    @property
    def over_by(self) -> int:
        """How much more room the limit that refuses it would have to leave."""
        room = self.refused_by
        return self.amount - room.left if room else 0

    @property
    def told(self) -> list[Room]:
        """What to say before pressing."""
        return _fullest(self.rooms)


def preview(
    *,
    by: User,
    team: Team,
    model: Model,
    params: Mapping[str, Json],
    token: ApiToken | None = None,
    prices: PriceList | None = None,
) -> Preview:
    """Raises Unpriceable."""
    offer = offers.offer(by=by, team=team, model=model, params=params, token=token, prices=prices)
    limits = budgets.applying(team=team, spender=by, model=model.id, token=token)
    return Preview(
        offer=offer,
        available=ledger.balance(team=team).available,
        rooms=tuple(budgets.rooms(limits)),
        usual_seconds=usual_seconds(team, model),
        needs_approval=approvals.needed(by=by, team=team, amount=offer.amount),
    )


@dataclass(frozen=True, slots=True)
class Together:
    """The same of several requests that are made side by side."""

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
        return _fullest(self._rooms)

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


def _fullest(rooms: Sequence[Room]) -> list[Room]:
    """The fullest of one's own limits, and of the team's."""
    mine = [room for room in rooms if room.is_personal]
    teams = [room for room in rooms if not room.is_personal]
    return [max(some, key=lambda room: room.percent) for some in (mine, teams) if some]


def usual_seconds(team: Team, model: Model) -> float:
    """The median of what the team saw of late, or what is known of the model."""
    return usual_seconds_of(team, [model])[model.id]


def usual_seconds_of(team: Team, models: Sequence[Model]) -> dict[str, float]:
    """The same by model; nobody waits for less than a second."""
    since = timezone.now() - LOOKS_BACK
    seen = usage.median_seconds(team, [model.id for model in models], since=since)
    return {model.id: max(seen.get(model.id, model.typical_seconds), 1) for model in models}
