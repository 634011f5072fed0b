"""A page of a wall, newest first, however many images there are and whatever they are filtered by.

Where only the search index tells, one statement tries both ways. The newest images are walked as
far as WALK, which finds whatever is common; what is rarer than that is few enough to take from the
index whole and put in order. So nothing depends on how the planner guesses, or on a word that was
common long ago.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.expressions import RawSQL

from accounts.models import Team
from generations.filters import Filters, TextCondition
from generations.models import Image
from generations.querysets import ImageQuerySet

WALK = 4000
COMMON = 60  # matches on the way: more, and the index alone would have too many to put in order
COUNTED = 1000
ROUND = 10

Statement = tuple[str, list[Any]]

EITHER_WAY = """
WITH near AS MATERIALIZED (
    SELECT id FROM ({walk}) walked (id, search)
    WHERE search @@ {query} ORDER BY id {direction} LIMIT {size}
), every (id) AS MATERIALIZED ({matching})
(SELECT id FROM near WHERE (SELECT count(*) FROM near) = {size})
UNION ALL
(SELECT id FROM every WHERE (SELECT count(*) FROM near) < {size}
 ORDER BY id {direction} LIMIT {size})
ORDER BY id {direction}
"""
COUNT = "(SELECT ARRAY[count(*), 1] FROM ({matching} LIMIT {most}) counted)"
# What is common is counted among the newest alone, what is rare to its end. Materialized, or a plan
# is chosen for the first few that walks all where there are none.
COUNT_MATCHES = """
(WITH near (number, goes_on) AS MATERIALIZED (
    SELECT count(*) FILTER (WHERE search @@ {query}), count(*) = {most_walked}
    FROM ({walk}) walked (id, search)
), every AS MATERIALIZED ({matching})
SELECT CASE WHEN number > {common} OR NOT goes_on THEN ARRAY[number, (NOT goes_on)::integer]
            ELSE ARRAY[(SELECT count(*) FROM (SELECT FROM every LIMIT {most}) counted), 1] END
FROM near)
"""


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; at least so many where `is_more`."""

    number: int = 0
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class Wall:
    """`images` are those a person may see there, newest first; `filters` narrow them."""

    images: ImageQuerySet
    team: Team
    filters: Filters

    def page(self, *, after: UUID | None, size: int, counted: bool = False) -> list[Image]:
        """At most `size` images that are older than `after`, in one query."""
        older, text = self._narrowed().older_than(after), self._text()
        if older.query.is_empty():
            return []
        if text:
            statement = _either_way(older, text, size=size)
            older = self.images.filter(pk__in=RawSQL(*statement))  # noqa: S611  # our own words
        return list((self.counted(older) if counted else older).as_tiles()[:size])

    def counted(self, images: ImageQuerySet) -> ImageQuerySet:
        """These with `total`, of which `count` makes how many hang here in all."""
        shown, text = self._narrowed(), self._text()
        if shown.query.is_empty():
            return images.annotate(total=Value(None))
        return images.annotate(total=RawSQL(*_count(shown, text)))  # noqa: S611  # our own words

    def newer(self, image: UUID, *, size: int) -> list[UUID]:
        """At most `size` images that are newer than this one, the nearest first, in one query."""
        shown = self._narrowed().filter(pk__gt=image)
        if shown.query.is_empty():
            return []
        return [pk for (pk,) in _run(_first(shown, self._text(), size=size, newest=False))]

    def beside(self, image: UUID) -> tuple[UUID | None, UUID | None]:
        """The next newer and the next older image, in one query."""
        shown, text = self._narrowed(), self._text()
        if shown.query.is_empty():
            return None, None
        newer, older = shown.filter(pk__gt=image), shown.filter(pk__lt=image)
        parts = [
            _first(one, text, size=1, newest=newest)
            for one, newest in ((newer, False), (older, True))
        ]
        sql = " UNION ALL ".join(f"SELECT * FROM ({part}) one" for part, _ in parts)  # noqa: S608  # our own words
        found = {pk > image: pk for (pk,) in _run((sql, [*parts[0][1], *parts[1][1]]))}
        return found.get(True), found.get(False)

    def _narrowed(self) -> ImageQuerySet:
        return self.filters.narrow(self.images)

    def _text(self) -> TextCondition | None:
        return self.filters.text(self.team)


def count(images: Sequence[Image]) -> Count:
    """What a counted page says of its wall."""
    number, is_exact = (vars(images[0]).get("total") if images else None) or (0, 1)
    if number > COUNTED:
        return Count(COUNTED, is_more=True)
    return Count(number) if is_exact else Count(number - number % ROUND, is_more=True)


def _count(images: ImageQuerySet, text: TextCondition | None) -> Statement:
    if text is None:
        matching, values = _compiled(_ids(images, newest=True))
        return COUNT.format(matching=matching, most=COUNTED + 1), values
    walk, values = _compiled(_walk(images, newest=True))
    matching, same_values = _compiled(_matching(images, text))
    sql = COUNT_MATCHES.format(
        walk=walk,
        most_walked=WALK,
        matching=matching,
        query=text.sql,
        common=COMMON,
        most=COUNTED + 1,
    )
    return sql, [*text.values, *values, *same_values]


def _walk(images: ImageQuerySet, *, newest: bool) -> "QuerySet[Image, Any]":
    search = RawSQL("generations_image.search", [])
    ids = _ids(images, newest=newest).annotate(search=search)
    return ids.values_list("id", "search")[:WALK]


def _first(
    images: ImageQuerySet, text: TextCondition | None, *, size: int, newest: bool
) -> Statement:
    """The ids of so many, from the newest or from the oldest."""
    if text:
        return _either_way(images, text, size=size, newest=newest)
    return _compiled(_ids(images, newest=newest)[:size])


def _either_way(
    images: ImageQuerySet, text: TextCondition, *, size: int, newest: bool = True
) -> Statement:
    walked, values = _compiled(_walk(images, newest=newest))
    matching, same_values = _compiled(_matching(images, text))
    sql = EITHER_WAY.format(
        walk=walked,
        matching=matching,
        query=text.sql,
        size=size,
        direction="DESC" if newest else "ASC",
    )
    return sql, [*values, *text.values, *same_values]


def _matching(images: ImageQuerySet, text: TextCondition) -> "QuerySet[Image, Any]":
    return images.filter(text.holds).order_by().values_list("id")


def _ids(images: ImageQuerySet, *, newest: bool) -> "QuerySet[Image, Any]":
    return images.order_by("-pk" if newest else "pk").values_list("id")


def _compiled(images: "QuerySet[Image, Any]") -> Statement:
    sql, values = images.query.sql_with_params()
    return sql, list(values)


def _run(statement: Statement) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        return list(cursor.fetchall())
