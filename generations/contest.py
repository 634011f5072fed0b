"""A comparison run as its page shows it: a cell for each model, live until its picture is there."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from accounts.models import User
from generations import batches, catalog
from generations.batches import Batch
from generations.errors import Unpriceable
from generations.models import Comparison, ComparisonCell, GenerationRequest, Image
from generations.services import offers
from generations.side_by_side import LETTERS
from generations.tiles import Tile

SHOWN_CLOSER = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One model's part of a run; `is_own` for whoever asked for it, and `sees_cost` for who may see
    its receipt. `price_again` is what trying it again would cost in microcredits, where that makes
    sense."""

    comparison: Comparison
    position: int
    batch: Batch
    is_own: bool
    sees_cost: bool
    tries: int = 1
    price_again: int | None = None

    @property
    def letter(self) -> str:
        return LETTERS[self.position]

    @property
    def tile(self) -> Tile:
        """Why an image is hidden is told to its author alone."""
        tile = self.batch.tiles[0]
        return tile if self.is_own else replace(tile, note="")

    @property
    def image(self) -> Image | None:
        """The picture, as soon as it can be opened."""
        return self.tile.image if self.tile.state == "ready" else None

    @property
    def is_winner(self) -> bool:
        image = self.tile.image or next(iter(self.batch.request.images.all()), None)
        return image is not None and self.comparison.winner_id == image.pk

    @property
    def seconds(self) -> float | None:
        """From its being sent to its being done."""
        request = self.batch.request
        if request.started_at is None or request.finished_at is None:
            return None
        return (request.finished_at - request.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Contest:
    comparison: Comparison
    cells: Sequence[Cell]

    @property
    def is_open(self) -> bool:
        return any(cell.batch.is_open for cell in self.cells)

    @property
    def cost_microcredits(self) -> int:
        """What was charged, and what is reserved for the rest."""
        return sum(cell.batch.cost_microcredits for cell in self.cells)

    @property
    def sees_cost(self) -> bool:
        return all(cell.sees_cost for cell in self.cells)

    @property
    def seed(self) -> str:
        """As text: a browser's numbers are not exact beyond 2^53."""
        return "" if self.comparison.seed is None else str(self.comparison.seed)

    @property
    def pictures(self) -> list[Image]:
        return [cell.image for cell in self.cells if cell.image]

    @property
    def closer(self) -> list[Image]:
        """As many as lie beside each other, in the order of the page; the winner is among them."""
        ready = self.pictures
        first = sorted(ready, key=lambda image: image.pk != self.comparison.winner_id)
        return [one for one in ready if one in first[:SHOWN_CLOSER]] if len(ready) > 1 else []


def present(shown: Sequence[Comparison], *, to: User, sees_ledger: bool) -> list[Contest]:
    """In two queries however many there are, and a few more while something waits.

    Who sees the team's ledger sees what others' cells cost.
    """
    every = _cells(shown)
    tries = Counter((cell.comparison_id, cell.position) for cell in every)
    cells = [cell for cell in every if cell.replaced_at is None]
    by_request = {batch.request.pk: batch for batch in batches.present(_requests(cells))}
    made: dict[object, list[Cell]] = {one.pk: [] for one in shown}
    known = {one.pk: one for one in shown}
    for cell in cells:
        is_own = cell.request.user_id == to.pk
        made[cell.comparison_id].append(
            Cell(
                comparison=known[cell.comparison_id],
                position=cell.position,
                batch=by_request[cell.request_id],
                is_own=is_own,
                sees_cost=is_own or sees_ledger,
                tries=tries[cell.comparison_id, cell.position],
            )
        )
    return [Contest(one, made[one.pk]) for one in shown]


def priced(shown: Contest, *, by: User) -> Contest:
    """With what it would cost this person to try again what came to nothing."""
    cells = [replace(cell, price_again=_price_again(cell, by)) for cell in shown.cells]
    return replace(shown, cells=cells)


def _price_again(cell: Cell, by: User) -> int | None:
    failure, request = cell.batch.failure, cell.batch.request
    if failure is None or failure.action == "other_model":
        return None
    try:
        model = catalog.get_model(request.model)
        return offers.offer(by=by, team=request.team, model=model, params=request.params).amount
    except (catalog.UnknownModel, Unpriceable):
        return None


def _cells(shown: Iterable[Comparison]) -> list[ComparisonCell]:
    """Those that others have replaced are among them."""
    found = ComparisonCell.objects.filter(comparison__in=shown).order_by("position")
    related = ("request__hold", "request__team", "request__approval__by", "request__user")
    return list(found.select_related(*related))


def _requests(cells: Iterable[ComparisonCell]) -> list[GenerationRequest]:
    return [cell.request for cell in cells]
