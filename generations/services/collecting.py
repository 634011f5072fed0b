"""Collections: who may change them, what is in them, and in which order."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from accounts.errors import NotAllowed
from accounts.models import Team, User
from accounts.permissions import Permission, has_permission, permissions_in
from generations.models import Collection, CollectionItem, Image, Visibility

# Room between two places, so that most moves change one row.
STEP = 1 << 20

SPREAD = """
UPDATE generations_collectionitem AS item SET position = spread.place * %(step)s
FROM (
    SELECT id, row_number() OVER (ORDER BY position) AS place
    FROM generations_collectionitem WHERE collection_id = %(collection)s
) AS spread
WHERE item.id = spread.id
"""


Granted = frozenset[Permission]


def may_edit(user: User, collection: Collection, *, granted: Granted | None = None) -> bool:
    """Members change the team's collections and their own; viewers look. `granted` is what the
    person may do in the team, where that is known already."""
    if granted is None:
        granted = permissions_in(collection.team, user)
    is_theirs = collection.visibility == Visibility.TEAM or collection.owner_id == user.pk
    return is_theirs and Permission.ORGANISE in granted


def may_manage(user: User, collection: Collection, *, granted: Granted | None = None) -> bool:
    """Rename, hide or delete it: whoever made it, and for the team's also admins."""
    if granted is None:
        granted = permissions_in(collection.team, user)
    is_own = collection.owner_id == user.pk
    manages = is_own or Permission.MANAGE_IMAGES in granted
    return manages and may_edit(user, collection, granted=granted)


def create(*, by: User, team: Team, name: str, visibility: str = Visibility.TEAM) -> Collection:
    if not has_permission(by, Permission.ORGANISE, team):
        raise NotAllowed
    return Collection.objects.create(
        team=team, owner=by, name=name.strip(), visibility=Visibility(visibility)
    )


def gather(*, by: User, team: Team, name: str, images: Sequence[UUID]) -> Collection:
    """These images in a collection that only the person sees. Raises NotAllowed."""
    with transaction.atomic():
        made = create(by=by, team=team, name=name, visibility=Visibility.PRIVATE)
        add(by=by, collection=made, images=images)
    return made


def change(*, by: User, collection: Collection, name: str, visibility: str) -> None:
    """Rename it, or show it to the team or to its owner alone. Others' stay the team's."""
    if not may_manage(by, collection):
        raise NotAllowed
    if visibility == Visibility.PRIVATE and collection.owner_id != by.pk:
        raise NotAllowed
    Collection.objects.filter(pk=collection.pk).update(
        name=name.strip(), visibility=Visibility(visibility)
    )


def delete(*, by: User, collection: Collection) -> None:
    """Take the collection apart; its images stay where they are."""
    if not may_manage(by, collection):
        raise NotAllowed
    collection.delete()


def add(
    *,
    by: User,
    collection: Collection,
    images: Sequence[UUID],
    places: Mapping[UUID, int] | None = None,
) -> list[UUID]:
    """Put images at the end, as they are given; those it did not have yet are given back. `places`
    are where they go instead, if nothing stands there now."""
    with transaction.atomic():
        _lock(by, collection)
        seen = Image.objects.visible_to(by).filter(team=collection.team_id, pk__in=images)
        held = collection.items.values_list("image", flat=True)
        wanted = set(seen.exclude(pk__in=held).values_list("pk", flat=True))
        new = [pk for pk in dict.fromkeys(images) if pk in wanted]
        CollectionItem.objects.bulk_create(
            CollectionItem(collection=collection, image_id=pk, position=place, added_by=by)
            for pk, place in _where(collection, new, places or {})
        )
    return new


def remove(*, by: User, collection: Collection, images: Sequence[UUID]) -> dict[UUID, int]:
    """Take images out; those that were in it are given back, with their places."""
    with transaction.atomic():
        _lock(by, collection)
        items = collection.items.filter(image__in=images)
        taken = dict(items.values_list("image", "position"))
        items.delete()
        Collection.objects.filter(pk=collection.pk, cover__in=taken).update(cover=None)
    return taken


def move(
    *,
    by: User,
    collection: Collection,
    images: Sequence[UUID],
    to: str,
    beside: UUID | None = None,
) -> dict[UUID, int]:
    """Put images of the collection `first`, `last`, one place `earlier` or `later`, or `before` or
    `after` the one `beside`, among those that the person sees; together and in their order. Those
    moved are given back with the places they had: none, where the one beside is not there."""
    with transaction.atomic():
        _lock(by, collection)
        seen, wanted = list(_seen(by, collection)), set(images)
        moved = [item for item in seen if item.image_id in wanted]
        others = [item for item in seen if item.image_id not in wanted]
        place = _place(others, moved, to, beside)
        if place is None:
            return {}
        return _put(collection, moved, before=others[place] if place < len(others) else None)


def put_back(*, by: User, collection: Collection, places: Mapping[UUID, int]) -> list[UUID]:
    """Images to the places that `remove` or `move` took them from; where something else stands now,
    to the end. Those put back are given back, in their order."""
    with transaction.atomic():
        _lock(by, collection)
        stand = list(_seen(by, collection).filter(image__in=places))
        _shift(stand, [place for _, place in _where(collection, _images(stand), places)])
        add(by=by, collection=collection, images=list(places), places=places)
        return _images(_seen(by, collection).filter(image__in=places))


def set_cover(*, by: User, collection: Collection, image: UUID) -> list[UUID]:
    """Show the collection by this one of its images; it is given back, if it is one."""
    with transaction.atomic():
        _lock(by, collection)
        found = list(collection.items.filter(image=image).values_list("image", flat=True))
        if found:
            Collection.objects.filter(pk=collection.pk).update(cover=image)
    return found


def _where(
    collection: Collection, images: Sequence[UUID], former: Mapping[UUID, int]
) -> list[tuple[UUID, int]]:
    """For each image its former place if no other stands there, else one at the end."""
    stand = collection.items.filter(position__in=former.values()).exclude(image__in=images)
    taken = set(stand.values_list("position", flat=True)) if former else set()
    last = collection.items.aggregate(last=Max("position"))["last"] or 0
    ends = count(max([last, *former.values()]) + STEP, STEP)
    free = {pk: place for pk, place in former.items() if place not in taken}
    return [(pk, free[pk] if pk in free else next(ends)) for pk in images]


def _seen(by: User, collection: Collection) -> QuerySet[CollectionItem]:
    """What this person sees in it, in its order."""
    seen = Image.objects.visible_to(by).values("pk")
    return collection.items.filter(image__in=seen).order_by("position")


def _images(items: Iterable[CollectionItem]) -> list[UUID]:
    return [item.image_id for item in items]


def _lock(by: User, collection: Collection) -> None:
    """One change of a collection at a time, by somebody who may."""
    if not may_edit(by, collection):
        raise NotAllowed
    Collection.objects.select_for_update().get(pk=collection.pk)


def _place(
    others: Sequence[CollectionItem],
    moved: Sequence[CollectionItem],
    to: str,
    beside: UUID | None,
) -> int | None:
    """Which of the others' places the moved ones take, if there is anything to move, and such a
    place."""
    if not moved:
        return None
    above = sum(item.position < moved[0].position for item in others)
    below = sum(item.position < moved[-1].position for item in others)
    places = {"first": 0, "earlier": max(above - 1, 0), "later": below + 1, "last": len(others)}
    for place, item in enumerate(others):
        if item.image_id == beside:
            places |= {"before": place, "after": place + 1}
    return places.get(to)


def _put(
    collection: Collection, moved: Sequence[CollectionItem], *, before: CollectionItem | None
) -> dict[UUID, int]:
    """The places that they had are given back, as they are counted now."""
    places = _room(collection, moved, before)
    if not places:
        _spread(collection)
        if before:
            before.refresh_from_db()
        places = _room(collection, moved, before)
    items = collection.items.filter(image__in=_images(moved)).order_by("position")
    former = dict(items.values_list("image", "position"))
    _shift(moved, places)
    return former


def _shift(items: Sequence[CollectionItem], places: Iterable[int]) -> None:
    for item, place in zip(items, places, strict=True):
        item.position = place
    CollectionItem.objects.bulk_update(items, ["position"])


def _room(
    collection: Collection, moved: Sequence[CollectionItem], before: CollectionItem | None
) -> list[int]:
    """Places for what is moved between its new neighbours; none where they are too close."""
    others = collection.items.exclude(pk__in=[item.pk for item in moved])
    earlier = others.filter(position__lt=before.position) if before else others
    low = earlier.aggregate(last=Max("position"))["last"] or 0
    high = before.position if before else low + STEP * (len(moved) + 1)
    gap = (high - low) // (len(moved) + 1)
    return [low + gap * number for number in range(1, len(moved) + 1)] if gap else []


def _spread(collection: Collection) -> None:
    """Room between all places again."""
    with connection.cursor() as cursor:
        cursor.execute(SPREAD, {"collection": collection.pk, "step": STEP})
