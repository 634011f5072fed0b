"""Images beside each other: what each was made of, and where that differs from the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from generations import recipes
from generations.inspector import Inspector
from generations.models import Image

LETTERS = "ABCDEF"
ALIKE = 0.01  # in shape, so that one lies over the other


@dataclass(frozen=True, slots=True)
class Side:
    letter: str
    image: Image
    is_favourite: bool

    @property
    def id(self) -> UUID:
        return self.image.pk

    @property
    def aspect(self) -> float:
        return Inspector(self.image).aspect

    @property
    def model_name(self) -> str:
        return Inspector(self.image).model_name


@dataclass(frozen=True, slots=True)
class Value:
    """What one image has in a row; `differs` from what the first has."""

    letter: str
    words: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    values: tuple[Value, ...]

    @property
    def differs(self) -> bool:
        return any(value.differs for value in self.values)


@dataclass(frozen=True, slots=True)
class Comparing:
    """Two to four images; `slides` where one lies over the other under a slider."""

    sides: Sequence[Side]
    lines: Sequence[Line]
    slides: bool

    @property
    def can_slide(self) -> bool:
        """Two of one shape."""
        return can_slide([side.image for side in self.sides])

    @property
    def differing(self) -> int:
        return sum(line.differs for line in self.lines)


def present(images: Sequence[Image], *, slider: bool = True) -> Comparing:
    """In the order given; each is annotated with `is_favourite`."""
    sides = [
        Side(letter, image, vars(image)["is_favourite"])
        for letter, image in zip(LETTERS, images, strict=False)
    ]
    rows = recipes.diff([recipes.of(image) for image in images])
    return Comparing(sides, [_line(row) for row in rows], slider and can_slide(images))


def can_slide(images: Sequence[Image]) -> bool:
    if len(images) != len("AB"):
        return False
    one, other = (Inspector(image).aspect for image in images)
    return abs(one / other - 1) < ALIKE


def _line(row: recipes.Row) -> Line:
    first = row.values[0]
    values = zip(LETTERS, row.values, strict=False)
    return Line(row.label, tuple(Value(letter, said, said != first) for letter, said in values))
