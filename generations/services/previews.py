"""What a request would cost and what there is for it, before anybody presses: for the composer
and for whoever asks the API for a price."""

from collections.abc import Mapping
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
        """What to say before pressing: the fullest of one's own limits, and of the team's."""
        mine = [room for room in self.rooms if room.is_personal]
        teams = [room for room in self.rooms if not room.is_personal]
        return [max(some, key=lambda room: room.percent) for some in (mine, teams) if some]


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


def usual_seconds(team: Team, model: Model) -> float:
    """The median of what the team saw of late, or what is known of the model."""
    since = timezone.now() - LOOKS_BACK
    return usage.median_seconds(team, [model.id], since=since).get(model.id, model.typical_seconds)
