"""Which images of a wall are looked for; the same values are in the wall's address."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import models
from django.db.models import BooleanField, Exists, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import Team, User
from config.ids import first_uuid7
from generations import prompt_search
from generations.models import Collection, CollectionItem, Favourite, Report
from generations.querysets import ImageQuerySet

# An image's id and its row have their times from two clocks.
CLOCKS_DIFFER = timedelta(hours=1)
# What ids can say, and times: nothing was made on any day before or after.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9999, 12, 30)


class Shape(models.TextChoices):
    PORTRAIT = "portrait", "Portrait"
    SQUARE = "square", "Square"
    LANDSCAPE = "landscape", "Landscape"


class Moderation(models.TextChoices):
    REPORTED = "reported", "Reported, waiting"
    DECIDED = "decided", "Reported, decided"
    HIDDEN = "hidden", "Hidden by a moderator"


@dataclass(frozen=True, slots=True)
class TextCondition:
    """What the search index is asked, as a text query in SQL."""

    sql: str
    values: list[object]

    @property
    def holds(self) -> RawSQL:
        """Whether it is true of a row of generations_image."""
        sql = f"generations_image.search @@ {self.sql}"
        return RawSQL(sql, self.values, output_field=BooleanField())  # noqa: S611  # our own words


@dataclass(frozen=True, slots=True)
class Filters:
    """What a wall is narrowed to; what is left out narrows nothing."""

    words: str = ""
    person: User | None = None
    model: str = ""
    shape: str = ""
    seed: int | None = None
    since: date | None = None
    until: date | None = None
    favourite_of: User | None = None
    collection: Collection | None = None
    moderation: str = ""
    answered_for_by: User | None = None

    def __bool__(self) -> bool:
        return self != type(self)()

    def narrow(self, images: ImageQuerySet) -> ImageQuerySet:
        """Those that the filters leave, as far as the search index is not asked."""
        where = self._between()
        if self.person:
            where &= Q(author=self.person)
        if self.favourite_of:
            favourites = Favourite.objects.filter(user=self.favourite_of)
            where &= Q(pk__in=favourites.values("image"))
        if self.collection:
            items = CollectionItem.objects.filter(collection=self.collection)
            where &= Q(pk__in=items.values("image"))
        if self.moderation in {Moderation.REPORTED, Moderation.DECIDED}:
            waiting = self.moderation == Moderation.REPORTED
            reports = Report.objects.filter(image=OuterRef("pk"), decision__isnull=waiting)
            where &= Q(Exists(reports))
        if self.answered_for_by:
            images = images.answered_for_by(self.answered_for_by)
        return images.none() if self._asks_for_nothing else images.filter(where)

    def text(self, team: Team) -> TextCondition | None:
        """What the search index is asked, if it is."""
        named = {"model": self.model, "shape": self.shape, "seed": self.seed}
        words = [f"'{name}={value}'" for name, value in named.items() if value]
        query = prompt_search.parse(self.words)
        if not words and not query:
            return None
        exact = " & ".join([f"'team={team.pk}'", *words])
        if query is None:
            return TextCondition("%s::tsquery", [exact])
        return TextCondition(f"(%s::tsquery && {query.sql})", [exact, *query.values])

    @property
    def _asks_for_nothing(self) -> bool:
        return bool(self.words) and prompt_search.parse(self.words) is None

    def _between(self) -> Q:
        """The days, in the zone that the walls have them in; by id, which is what is indexed."""
        where = Q()
        if self.since:
            begins = _start_of(_within(self.since))
            where &= Q(created_at__gte=begins, id__gte=first_uuid7(begins - CLOCKS_DIFFER))
        if self.until:
            ends = _start_of(_within(self.until) + timedelta(days=1))
            where &= Q(created_at__lt=ends, id__lt=first_uuid7(ends + CLOCKS_DIFFER))
        return where


def _within(day: date) -> date:
    return min(max(day, FIRST_DAY), LAST_DAY)


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
