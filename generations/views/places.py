"""The walls one may come to an image from: its page leads back there, and on to its neighbours."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.http import QueryDict
from django.urls import reverse

from accounts.models import Team, User
from generations.filter_form import FilterForm
from generations.filters import Moderation
from generations.models import Collection, Decision, DecisionAction, Favourite, Image
from generations.querysets import ImageQuerySet
from generations.services.ordered_walls import CHOSEN, LATEST_TRASHED, NEWEST, Order, OrderedWall


def _mine(team: Team, user: User) -> ImageQuerySet:
    return Image.objects.on_wall(team=team, user=user, author=user)


def _everyones(team: Team, user: User) -> ImageQuerySet:
    return Image.objects.on_wall(team=team, user=user)


def _favourites(team: Team, user: User) -> ImageQuerySet:
    return Image.objects.on_wall(team=team, user=user).favourites_of(user)


def _trash(team: Team, user: User) -> ImageQuerySet:
    return Image.objects.in_trash_of(user, team).select_related("request", "author")


def marked(images: ImageQuerySet, user: User) -> ImageQuerySet:
    """With `is_favourite`, for hearts."""
    theirs = Favourite.objects.filter(user=user, image=OuterRef("pk"))
    return images.annotate(is_favourite=Exists(theirs))


def _explained(images: ImageQuerySet) -> ImageQuerySet:
    """With `hidden_because`, the reason that their authors were told."""
    hidings = Decision.objects.filter(image=OuterRef("pk"), action=DecisionAction.HIDE)
    return images.annotate(hidden_because=Subquery(hidings.order_by("-id").values("reason")[:1]))


@dataclass(frozen=True, slots=True)
class Place:
    """A wall with an address; `without` are the filters that say nothing on it."""

    key: str
    heading: str
    url: str
    images: Callable[[Team, User], ImageQuerySet]
    order: Order = NEWEST
    is_own: bool = False
    without: tuple[str, ...] = ()
    collection: Collection | None = None

    @property
    def is_trash(self) -> bool:
        return self.images is _trash

    @property
    def is_live(self) -> bool:
        """Whether images come in by themselves, at the top."""
        return self.images in {_mine, _everyones}

    def filter_form(self, data: QueryDict, *, team: Team, user: User) -> FilterForm:
        return FilterForm(data, team=team, user=user, without=self.without)

    def wall(self, form: FilterForm) -> OrderedWall:
        images = marked(self._base(form), form.user)
        return OrderedWall(images, form.team, form.filters, self.order)

    def _base(self, form: FilterForm) -> ImageQuerySet:
        if form.filters.moderation != Moderation.HIDDEN:
            return self.images(form.team, form.user)
        hidden = _explained(Image.objects.hidden_from(form.user, form.team))
        return hidden.filter(author=form.user) if self.is_own else hidden

    def address(self, query: str, **more: object) -> str:
        whole = "&".join(filter(None, [query, urlencode(more)]))
        return f"{self.url}?{whole}" if whole else self.url

    def address_of(self, image: UUID, query: str) -> str:
        """Where the image hangs among the others, which gives it the focus."""
        return f"{self.address(query, around=image)}#{image}"

    def image_query(self, query: str) -> str:
        """What an image's address carries, with its question mark, to know where one came from."""
        return "?" + "&".join(filter(None, [urlencode({"wall": self.key}), query]))


def mine() -> Place:
    return Place("mine", "My images", reverse("gallery"), _mine, is_own=True, without=("person",))


def team() -> Place:
    return Place("team", "Team gallery", reverse("team-gallery"), _everyones)


def favourites() -> Place:
    address = reverse("favourites")
    hidden = ("favourite", "moderation")
    return Place("favourites", "Favourites", address, _favourites, without=hidden)


def trash() -> Place:
    hidden = ("favourite", "collection", "moderation")
    return Place("trash", "Trash", reverse("trash"), _trash, LATEST_TRASHED, without=hidden)


def of(collection: Collection) -> Place:
    return Place(
        str(collection.pk),
        collection.name,
        reverse("collection", args=[collection.pk]),
        lambda team, user: _everyones(team, user).of_collection(collection),
        CHOSEN,
        without=("collection", "moderation"),
        collection=collection,
    )


PLACES: Mapping[str, Callable[[], Place]] = {
    "mine": mine,
    "team": team,
    "favourites": favourites,
    "trash": trash,
}


def come_from(
    data: QueryDict, *, image: Image, user: User, shelf: Iterable[Collection] = ()
) -> Place:
    """The wall that the address names, of the collections one of this shelf; else the one where
    this person would look for the image."""
    is_own = image.author_id == user.pk
    named = trash() if image.trashed_at else _named(data.get("wall", ""), shelf)
    if named and (is_own or not named.is_own) and named.is_trash == bool(image.trashed_at):
        return named
    return mine() if is_own else team()


def _named(key: str, shelf: Iterable[Collection]) -> Place | None:
    if key in PLACES:
        return PLACES[key]()
    return next((of(one) for one in shelf if str(one.pk) == key), None)
