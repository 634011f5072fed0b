"""In which order images hang, and how to go on from one of them. A cursor is what an order knows of
one image; it stays good when that image is gone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q, Subquery, Value
from django.utils import timezone

from accounts.models import Team
from generations.filters import Filters
from generations.models import Image
from generations.querysets import ImageQuerySet
from generations.services.walls import Wall

SEPARATOR = "~"
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Order:
    """By these fields of an image, all one way."""

    fields: tuple[str, ...]
    descending: bool = True

    def cursor(self, image: Image) -> str:
        return self.write(getattr(image, field) for field in self.fields)

    def write(self, values: Iterable[object]) -> str:
        """The cursor that says these values of the fields."""
        return SEPARATOR.join(map(_written, values))

    def read(self, cursor: str) -> dict[str, object]:
        """What the cursor says of each field; nothing if it is none of ours."""
        parts = cursor.split(SEPARATOR)
        try:
            return {f: READ[f](part) for f, part in zip(self.fields, parts, strict=True)}
        except (ValueError, OverflowError):
            return {}

    def identity(self, cursor: str) -> UUID | None:
        """The id that the cursor says, where that is all it says."""
        found = self.read(cursor).get("id")
        return found if isinstance(found, UUID) else None

    def beyond(self, images: ImageQuerySet, cursor: str, *, back: bool = False) -> ImageQuerySet:
        """What follows the cursor, the nearest first; with `back`, what comes before it."""
        return self.past(images, self.read(cursor), back=back)

    def past(
        self, images: ImageQuerySet, values: Mapping[str, object], *, back: bool
    ) -> ImageQuerySet:
        """As `beyond`, of what a cursor says."""
        down = self.descending != back
        ordered = images.order_by(*(f"-{field}" if down else field for field in self.fields))
        return ordered.filter(_past(values, "lt" if down else "gt")) if values else ordered


def _past(values: Mapping[str, object], how: str) -> Q:
    """Beyond these values, the first field counting most; the first alone is what an index asks."""
    (field, value), *rest = values.items()
    if not rest:
        return Q((f"{field}__{how}", value))
    same = Q((field, value)) & _past(dict(rest), how)
    return Q((f"{field}__{how}e", value)) & (Q((f"{field}__{how}", value)) | same)


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _moment(words: str) -> datetime:
    moment = datetime.fromisoformat(words)
    # In UTC: PostgreSQL knows no offsets of 16 hours and more.
    return (moment if moment.tzinfo else timezone.make_aware(moment)).astimezone(UTC)


def _place(words: str) -> int:
    place = int(words)
    if abs(place) > LARGEST:
        raise OverflowError
    return place


READ: dict[str, Callable[[str], object]] = {"id": UUID, "trashed_at": _moment, "position": _place}
NEWEST = Order(("id",))
LATEST_TRASHED = Order(("trashed_at", "id"))
CHOSEN = Order(("position",), descending=False)


@dataclass(frozen=True, slots=True)
class OrderedWall:
    """A wall in any of the orders. By id it is a `Wall`, however large; others are as small as what
    people put there one by one."""

    images: ImageQuerySet
    team: Team
    filters: Filters
    order: Order = NEWEST

    def page(self, *, after: str, size: int, counted: bool = False) -> list[Image]:
        """At most `size` images that come after the cursor; `counted` as `Wall.counted` says."""
        if self.order is NEWEST:
            cursor = self.order.identity(after)
            return self._by_id.page(after=cursor, size=size, counted=counted)
        shown = self.order.beyond(self._narrowed(), after)
        return list((self._by_id.counted(shown) if counted else shown).as_tiles()[:size])

    def at(self, cursor: str) -> Image | None:
        """The image that the cursor was taken of, if it still hangs here."""
        values = self.order.read(cursor)
        return self.images.filter(**values).first() if values else None

    def begin_around(self, image: UUID, *, size: int) -> str:
        """The cursor after which a page of this size has the image in its middle; none where the
        first page has it."""
        above = self._above(image, size=size)
        return above[size // 2] if len(above) == size else ""

    def newer_than(self, cursor: str, *, most: int) -> int:
        """How many hang before the cursor, counted no further than `most`."""
        above = self.order.beyond(self._narrowed(), cursor, back=True)
        return above[:most].count()

    def beside(self, image: Image) -> tuple[UUID | None, UUID | None]:
        """The image before this one and the one after it, in one query."""
        if self.order is NEWEST:
            return self._by_id.beside(image.pk)
        values = self._values_of(image.pk)
        before, after = (
            self.order.past(self._narrowed(), values, back=back).values_list("pk", Value(back))[:1]
            for back in (True, False)
        )
        found = {is_before: pk for pk, is_before in before.union(after, all=True)}
        return found.get(True), found.get(False)

    def _above(self, image: UUID, *, size: int) -> list[str]:
        """The cursors of what hangs before the image, the nearest first."""
        if self.order is NEWEST:
            return [str(pk) for pk in self._by_id.newer(image, size=size)]
        before = self.order.past(self._narrowed(), self._values_of(image), back=True)
        return [self.order.write(row) for row in before.values_list(*self.order.fields)[:size]]

    def _values_of(self, image: UUID) -> dict[str, object]:
        """What a cursor of the image says, as the database finds it."""
        here = self.images.filter(pk=image)
        return {field: Subquery(here.values(field)[:1]) for field in self.order.fields}

    @property
    def _by_id(self) -> Wall:
        return Wall(self.images, self.team, self.filters)

    def _narrowed(self) -> ImageQuerySet:
        narrowed, text = self.filters.narrow(self.images), self.filters.text(self.team)
        return narrowed.filter(text.holds) if text else narrowed
