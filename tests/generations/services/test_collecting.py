"""Collections: who changes them, what is in them, and in which order."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest

from accounts.errors import NotAllowed
from accounts.models import Role, Team, User
from generations import shelves
from generations.models import Collection, CollectionItem, Image, Visibility
from generations.services import collecting, trash
from tests import factories
from tests.generations.views.studio import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return factories.team()


@pytest.fixture
def author(team: Team) -> User:
    return factories.member(team)


@pytest.fixture
def images(team: Team, author: User) -> list[UUID]:
    return [image.pk for image in fill(team, author, 4)]


@pytest.fixture
def collection(team: Team, author: User, images: list[UUID]) -> Collection:
    """All four, in the order in which they were made."""
    made = collecting.create(by=author, team=team, name="Autumn")
    collecting.add(by=author, collection=made, images=images)
    return made


def order(collection: Collection) -> list[UUID]:
    return list(collection.items.order_by("position").values_list("image", flat=True))


def test_images_stand_in_the_order_in_which_they_were_added(
    collection: Collection, images: list[UUID]
) -> None:
    assert order(collection) == images


def test_what_is_in_it_already_is_not_added_twice(
    author: User, collection: Collection, images: list[UUID]
) -> None:
    assert collecting.add(by=author, collection=collection, images=[*images, uuid4()]) == []
    assert order(collection) == images


def test_nothing_is_added_that_one_may_not_see_or_that_is_another_teams(
    team: Team, author: User, collection: Collection, images: list[UUID]
) -> None:
    private = factories.stored_image(
        of=team, by=factories.member(team), visibility=Visibility.PRIVATE
    )
    elsewhere = factories.stored_image(of=factories.team(owner=author), by=author)

    added = collecting.add(by=author, collection=collection, images=[private.pk, elsewhere.pk])

    assert added == []
    assert order(collection) == images


@pytest.mark.parametrize(
    ("moved", "to", "after"),
    [
        ([2], "first", [2, 0, 1, 3]),
        ([1], "last", [0, 2, 3, 1]),
        ([2], "earlier", [0, 2, 1, 3]),
        ([1], "later", [0, 2, 1, 3]),
        ([0], "earlier", [0, 1, 2, 3]),
        ([3], "later", [0, 1, 2, 3]),
        ([0, 3], "first", [0, 3, 1, 2]),
        ([1, 2], "later", [0, 3, 1, 2]),
    ],
)
def test_images_move_together_and_in_their_order(
    collection: Collection, images: list[UUID], moved: list[int], to: str, after: list[int]
) -> None:
    author = collection.owner
    collecting.move(by=author, collection=collection, images=[images[n] for n in moved], to=to)

    assert order(collection) == [images[n] for n in after]


@pytest.mark.parametrize(
    ("moved", "place", "after"),
    [
        ([3], ("before", 1), [0, 3, 1, 2]),
        ([0], ("after", 2), [1, 2, 0, 3]),
        ([0], ("after", 3), [1, 2, 3, 0]),
        ([1], ("before", 0), [1, 0, 2, 3]),
        ([3, 0], ("before", 2), [1, 0, 3, 2]),
        ([1], ("before", 2), [0, 1, 2, 3]),
    ],
)
def test_images_move_beside_another(
    collection: Collection,
    images: list[UUID],
    moved: list[int],
    place: tuple[str, int],
    after: list[int],
) -> None:
    chosen, (to, beside) = [images[number] for number in moved], place
    put = collecting.move(
        by=collection.owner, collection=collection, images=chosen, to=to, beside=images[beside]
    )

    assert set(put) == set(chosen)
    assert order(collection) == [images[n] for n in after]


class Counted(list[UUID]):
    """Knows how often it was gone through."""

    times = 0

    def __iter__(self) -> Iterator[UUID]:
        self.times += 1
        return super().__iter__()


def test_what_is_moved_is_gone_through_once_however_much_else_there_is(
    author: User, collection: Collection, images: list[UUID]
) -> None:
    wanted = Counted(images[:2])

    moved = collecting.move(by=author, collection=collection, images=wanted, to="last")

    assert list(moved) == images[:2]

    assert wanted.times == 1


def test_beside_what_is_not_there_nothing_moves(
    author: User, collection: Collection, images: list[UUID]
) -> None:
    trash.throw_away(by=author, images=[images[1]])

    for beside in (images[1], images[3], uuid4(), None):
        assert not collecting.move(
            by=author, collection=collection, images=[images[3]], to="before", beside=beside
        )
    assert order(collection) == images


def test_places_that_got_too_close_are_spread_again(
    author: User, collection: Collection, images: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, item in enumerate(collection.items.order_by("position"), start=1):
        CollectionItem.objects.filter(pk=item.pk).update(position=place)

    collecting.move(by=author, collection=collection, images=[images[3]], to="earlier")

    assert order(collection) == [images[0], images[1], images[3], images[2]]
    assert collection.items.order_by("position")[0].position == collecting.STEP


@pytest.mark.parametrize("room", [1, collecting.STEP])
@pytest.mark.parametrize("to", ["first", "earlier", "later", "last"])
def test_what_was_moved_goes_back_to_where_it_stood(
    author: User, collection: Collection, images: list[UUID], to: str, room: int
) -> None:
    for place, item in enumerate(collection.items.order_by("position"), start=1):
        CollectionItem.objects.filter(pk=item.pk).update(position=place * room)
    former = collecting.move(by=author, collection=collection, images=images[1:3], to=to)
    assert order(collection) != images

    back = collecting.put_back(by=author, collection=collection, places=former)

    assert back == images[1:3]
    assert order(collection) == images


def test_two_moves_are_undone_one_after_the_other(
    author: User, collection: Collection, images: list[UUID]
) -> None:
    moves = [
        collecting.move(by=author, collection=collection, images=[images[number]], to="first")
        for number in (2, 3)
    ]

    for former in moves[::-1]:
        collecting.put_back(by=author, collection=collection, places=former)

    assert order(collection) == images


def test_what_was_moved_goes_to_the_end_where_another_took_its_place(
    author: User, collection: Collection, images: list[UUID]
) -> None:
    former = collecting.move(by=author, collection=collection, images=[images[0]], to="last")
    CollectionItem.objects.filter(image=images[3]).update(position=former[images[0]])

    collecting.put_back(by=author, collection=collection, places=former)

    assert order(collection) == [images[3], images[1], images[2], images[0]]


def test_a_step_is_one_among_what_the_person_sees(
    author: User, collection: Collection, images: list[UUID]
) -> None:
    trash.throw_away(by=author, images=[images[1]])

    collecting.move(by=author, collection=collection, images=[images[2]], to="earlier")

    shown = Image.objects.visible_to(author).of_collection(collection)
    shown = shown.order_by("collection_items__position")
    assert [image.pk for image in shown] == [images[2], images[0], images[3]]


def test_what_was_taken_out_goes_back_to_its_place_or_to_the_end(
    author: User, collection: Collection, images: list[UUID]
) -> None:
    taken = collecting.remove(by=author, collection=collection, images=images[1:3])
    CollectionItem.objects.filter(image=images[3]).update(position=taken[images[2]])

    back = collecting.put_back(by=author, collection=collection, places=taken)

    assert set(back) == set(images[1:3])
    assert order(collection) == [images[0], images[1], images[3], images[2]]


def test_a_private_collection_is_its_owners_alone(
    team: Team, author: User, collection: Collection
) -> None:
    collecting.change(by=author, collection=collection, name="Mine", visibility=Visibility.PRIVATE)
    owner = factories.owner_of(team)
    collection.refresh_from_db()

    assert not Collection.objects.visible_to(owner).exists()
    assert not collecting.may_edit(owner, collection)
    assert collecting.may_manage(author, collection)


@pytest.mark.parametrize(
    ("role", "edits", "manages"),
    [
        (Role.VIEWER, False, False),
        (Role.MEMBER, True, False),
        (Role.ADMIN, True, True),
        (Role.OWNER, True, True),
    ],
)
def test_a_role_may_do_with_the_teams_collections_what_it_may(
    team: Team, collection: Collection, role: Role, edits: bool, manages: bool
) -> None:
    somebody = factories.member(team, role)

    assert collecting.may_edit(somebody, collection) == edits
    assert collecting.may_manage(somebody, collection) == manages


def test_a_viewer_changes_nothing(team: Team, collection: Collection, images: list[UUID]) -> None:
    viewer = factories.member(team, Role.VIEWER)
    changes: list[Callable[[], object]] = [
        lambda: collecting.create(by=viewer, team=team, name="Mine"),
        lambda: collecting.add(by=viewer, collection=collection, images=images),
        lambda: collecting.remove(by=viewer, collection=collection, images=images),
        lambda: collecting.move(by=viewer, collection=collection, images=images, to="last"),
        lambda: collecting.put_back(by=viewer, collection=collection, places={images[0]: 1}),
        lambda: collecting.set_cover(by=viewer, collection=collection, image=images[0]),
        lambda: collecting.delete(by=viewer, collection=collection),
    ]

    for change in changes:
        with pytest.raises(NotAllowed):
            change()
    assert order(collection) == images


def test_an_admin_does_not_take_a_collection_away_from_the_team(
    team: Team, collection: Collection
) -> None:
    admin = factories.member(team, Role.ADMIN)

    with pytest.raises(NotAllowed):
        collecting.change(
            by=admin, collection=collection, name="Mine", visibility=Visibility.PRIVATE
        )


def test_the_shelf_counts_what_the_person_sees_and_shows_a_cover(
    team: Team, author: User, collection: Collection, images: list[UUID]
) -> None:
    [first] = shelves.of(team=team, user=author)
    collecting.set_cover(by=author, collection=collection, image=images[2])
    [chosen] = shelves.of(team=team, user=author)
    trash.throw_away(by=author, images=[images[2]])
    [without] = shelves.of(team=team, user=author)

    assert [shelf.count for shelf in (first, chosen, without)] == [4, 4, 3]
    covers = [shelf.cover.pk for shelf in (first, chosen, without) if shelf.cover]
    assert covers == [images[0], images[2], images[0]]


def test_deleting_a_collection_leaves_its_images(
    author: User, collection: Collection, images: list[UUID]
) -> None:
    collecting.delete(by=author, collection=collection)

    assert Image.objects.visible_to(author).count() == len(images)
