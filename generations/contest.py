"""A comparison run as its page shows it: a cell for each model, live until its picture is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from accounts.models import User
from generations import batches
from generations.batches import Batch
from generations.models import Comparison, ComparisonCell, GenerationRequest, Image
from generations.side_by_side import LETTERS
from generations.tiles import Tile

SHOWN_CLOSER = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One model's part of a run; `is_own` for whoever started it."""

    comparison: Comparison
    position: int
    batch: Batch
    is_own: bool

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


def present(shown: Sequence[Comparison], *, to: User) -> list[Contest]:
    """In two queries however many there are, and a few more while something waits."""
    cells = _cells(shown)
    by_request = {batch.request.pk: batch for batch in batches.present(_requests(cells))}
    made: dict[object, list[Cell]] = {one.pk: [] for one in shown}
    known = {one.pk: one for one in shown}
    for cell in cells:
        comparison = known[cell.comparison_id]
        batch = by_request[cell.request_id]
        made[comparison.pk].append(
            Cell(comparison, cell.position, batch, is_own=comparison.user_id == to.pk)
        )
    return [Contest(one, made[one.pk]) for one in shown]


def _cells(shown: Iterable[Comparison]) -> list[ComparisonCell]:
    found = ComparisonCell.objects.filter(comparison__in=shown).order_by("position")
    related = ("request__hold", "request__team", "request__approval__by", "request__user")
    return list(found.select_related(*related))


def _requests(cells: Iterable[ComparisonCell]) -> list[GenerationRequest]:
    return [cell.request for cell in cells]
