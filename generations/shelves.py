"""A team's collections as their page and the sidebar show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Subquery

from accounts.models import Membership, Team, User
from accounts.permissions import Permission, roles_with
from generations.counting import Count
from generations.models import Collection, CollectionItem, Image, ShareLink, Visibility
from generations.querysets import CollectionQuerySet

MOST = 200  # in a menu
COUNTED = 200
SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A collection with its cover, and as many images as this person sees in it; at least so many
    where `is_more`."""

    collection: Collection
    cover: Image | None
    count: int
    is_more: bool

    @property
    def is_private(self) -> bool:
        return self.collection.visibility == Visibility.PRIVATE

    @property
    def cursor(self) -> str:
        """Where the page after this one begins; it stays good when the collection is gone."""
        return f"{self.collection.pk}{SEPARATOR}{self.collection.name}"


def noted(collections: CollectionQuerySet) -> CollectionQuerySet:
    """With `is_shared`: whether a link shows it to people outside now."""
    maker = Membership.objects.filter(
        team=OuterRef("team"),
        user=OuterRef("made_by"),
        user__is_active=True,
        role__in=roles_with(Permission.SHARE),
    )
    sees_it = Q(collection__visibility=Visibility.TEAM) | Q(made_by=F("collection__owner"))
    links = ShareLink.objects.openable().filter(sees_it, Exists(maker), collection=OuterRef("pk"))
    return collections.annotate(is_shared=Exists(links))


def names(*, team: Team, user: User, like: str = "") -> list[Collection]:
    """By name, as many as fit into a menu, as `noted`; those with `like` in their names."""
    named = Collection.objects.visible_to(user).filter(team=team)
    if like:
        named = named.filter(name__icontains=like.replace("\0", ""))
    return list(noted(named)[:MOST])


def names_around(image: Image, *, user: User, also: Team) -> list[Collection]:
    """As `names`, of the image's team and this one, each with `holds`; none that holds it is left
    out."""
    holds = Exists(CollectionItem.objects.filter(collection=OuterRef("pk"), image=image))
    theirs = noted(Collection.objects.visible_to(user)).annotate(holds=holds)
    listed = Q()
    for team in {image.team_id, also.pk}:
        first = theirs.filter(team=team).order_by("-holds", "name", "id")[:MOST]
        listed |= Q(pk__in=first.values("pk"))
    return list(theirs.filter(listed))


def of(*, team: Team, user: User, after: str = "", most: int = MOST) -> list[Shelf]:
    """By name from the cursor on, in two queries however many there are."""
    shown = Image.objects.on_wall(team=team, user=user)
    inside = shown.filter(collection_items__collection=OuterRef("pk")).order_by()
    first = inside.order_by("collection_items__position").values("pk")[:1]
    found = Collection.objects.visible_to(user).filter(_past(after), team=team)
    rows = list(
        found.annotate(
            number=Count(inside.values("pk")[: COUNTED + 1]), shown_first=Subquery(first)
        )[:most]
    )
    covers = _covers(rows, shown.in_bulk([pk for row in rows for pk in _wanted(row)]))
    return [_shelf(row, cover) for row, cover in zip(rows, covers, strict=True)]


def _past(cursor: str) -> Q:
    """Beyond it by name, then by id; beyond nothing if it is none of ours."""
    pk, _, name = cursor.partition(SEPARATOR)
    try:
        same = Q(name=name, pk__gt=UUID(pk))
    except ValueError:
        return Q()
    return Q() if "\0" in name else Q(name__gte=name) & (Q(name__gt=name) | same)


def _shelf(row: Collection, cover: Image | None) -> Shelf:
    number = vars(row)["number"]
    return Shelf(row, cover, min(number, COUNTED), is_more=number > COUNTED)


def _wanted(row: Collection) -> Sequence[UUID]:
    """The chosen cover, and what stands in for one that is hidden or in the trash."""
    return [pk for pk in (row.cover_id, vars(row)["shown_first"]) if pk]


def _covers(rows: Sequence[Collection], images: dict[UUID, Image]) -> list[Image | None]:
    return [next((images[pk] for pk in _wanted(row) if pk in images), None) for row in rows]
