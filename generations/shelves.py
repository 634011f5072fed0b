"""A team's collections as their page and the sidebar show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Membership, Team, User
from accounts.permissions import Permission, roles_with
from generations.models import Collection, CollectionItem, Image, ShareLink, Visibility
from generations.querysets import CollectionQuerySet

MOST = 200


@dataclass(frozen=True, slots=True)
class Shelf:
    """A collection with its cover, and as many images as this person sees in it."""

    collection: Collection
    cover: Image | None
    count: int

    @property
    def is_private(self) -> bool:
        return self.collection.visibility == Visibility.PRIVATE


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


def names(*, team: Team, user: User) -> list[Collection]:
    """By name, as many as fit into a menu, as `noted`."""
    return list(noted(Collection.objects.visible_to(user).filter(team=team))[:MOST])


def names_around(image: Image, *, user: User) -> list[Collection]:
    """As `names`, in the image's team, each with `holds`; none that holds it is left out."""
    holds = Exists(CollectionItem.objects.filter(collection=OuterRef("pk"), image=image))
    seen = Collection.objects.visible_to(user).filter(team=image.team_id)
    theirs = noted(seen).annotate(holds=holds)
    listed = theirs.order_by("-holds", "name", "id")[:MOST]
    return list(theirs.filter(pk__in=listed.values("pk")))


def of(*, team: Team, user: User) -> list[Shelf]:
    """By name, in three queries however many there are."""
    shown = Image.objects.on_wall(team=team, user=user)
    inside = CollectionItem.objects.filter(
        collection=OuterRef("pk"), image__in=shown.order_by().values("pk")
    )
    counted = inside.order_by().values("collection").annotate(number=Count("pk"))
    found = Collection.objects.visible_to(user).filter(team=team)
    annotated = found.annotate(
        number=Coalesce(Subquery(counted.values("number")), 0),
        shown_first=Subquery(inside.order_by("position").values("image")[:1]),
    )
    rows = list(annotated[:MOST])
    covers = _covers(rows, shown.in_bulk([pk for row in rows for pk in _wanted(row)]))
    return [Shelf(row, cover, vars(row)["number"]) for row, cover in zip(rows, covers, strict=True)]


def _wanted(row: Collection) -> Sequence[UUID]:
    """The chosen cover, and what stands in for one that is hidden or in the trash."""
    return [pk for pk in (row.cover_id, vars(row)["shown_first"]) if pk]


def _covers(rows: Sequence[Collection], images: dict[UUID, Image]) -> list[Image | None]:
    return [next((images[pk] for pk in _wanted(row) if pk in images), None) for row in rows]
