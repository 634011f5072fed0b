"""What a request would cost and what there is for it, before anybody presses: for the composer
and for whoever asks the API for a price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import ApiToken, Membership, Team, User
from accounts.services import budgets, ledger
from accounts.services.ledger import Balance
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
        return fullest(self.rooms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What one person has for requests in a team: read once, for any number of previews.

    `rooms` are those of all their limits, `seconds` of the models that are meant.
    """

    by: User
    membership: Membership
    available: int
    rooms: Sequence[Room]
    prices: PriceList
    seconds: Mapping[str, float]

    def preview(self, model: Model, params: Mapping[str, Json]) -> Preview:
        """Raises Unpriceable."""
        offer = offers.offer(
            by=self.by,
            team=self.membership.team,
            model=model,
            params=params,
            prices=self.prices,
            limits=[room.budget for room in self.rooms],
        )
        return Preview(
            offer=offer,
            available=self.available,
            rooms=tuple(room for room in self.rooms if room.budget.model in {"", model.id}),
            usual_seconds=self.seconds[model.id],
            needs_approval=approvals.needed(of=self.membership, amount=offer.amount),
        )


def means(
    *,
    by: User,
    membership: Membership,
    models: Sequence[Model],
    token: ApiToken | None = None,
    prices: PriceList | None = None,
    balance: Balance | None = None,
) -> Means:
    """For these models; prices and balance are read where they are not known yet."""
    team = membership.team
    return Means(
        by=by,
        membership=membership,
        available=(balance or ledger.balance(team=team)).available,
        rooms=budgets.rooms_of(team=team, spender=by, token=token),
        prices=prices or PriceList.of(team, models),
        seconds=usual_seconds(team, models),
    )


def fullest(rooms: Sequence[Room]) -> list[Room]:
    """The fullest of one's own limits, and of the team's."""
    mine = [room for room in rooms if room.is_personal]
    teams = [room for room in rooms if not room.is_personal]
    return [max(some, key=lambda room: room.percent) for some in (mine, teams) if some]


def usual_seconds(team: Team, models: Sequence[Model]) -> dict[str, float]:
    """By model, the median of what the team saw of late, or what is known of the model.

    Nobody waits for less than a second.
    """
    since = timezone.now() - LOOKS_BACK
    seen = usage.median_seconds(team, [model.id for model in models], since=since)
    return {model.id: max(seen.get(model.id, model.typical_seconds), 1) for model in models}
