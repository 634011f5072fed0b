"""The trash: who moves what there and back, and that what is deleted for good is really gone."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.models import Role, Team, User
from generations import batches, renditions, storage
from generations.errors import StorageUnavailable
from generations.models import (
    Attempt,
    Collection,
    CollectionItem,
    DecisionAction,
    Favourite,
    GenerationRequest,
    Image,
    ImageStatus,
    ReportReason,
    Status,
    Visibility,
)
from generations.receipts import Receipt
from generations.services import (
    collecting,
    favourites,
    images,
    moderation,
    storing,
    trash,
    usage_days,
)
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return factories.team()


@pytest.fixture
def author(team: Team) -> User:
    return factories.member(team)


@pytest.fixture
def image(team: Team, author: User) -> Image:
    """One with all its renditions."""
    made = factories.stored_image(of=team, by=author, data=factories.picture((900, 600)))
    images.make_renditions(made.pk)
    return Image.objects.get(pk=made.pk)


def throw_away(image: Image, *, by: User | None = None, days_ago: float = 0) -> Image:
    """The image, moved to the trash so long ago."""
    assert trash.throw_away(by=by or image.author, images=[image.pk]) == [image.pk]
    thrown = timezone.now() - timedelta(days=days_ago)
    Image.objects.filter(pk=image.pk).update(trashed_at=thrown)
    return Image.objects.get(pk=image.pk)


def objects() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_what_was_thrown_away_is_nowhere_but_in_the_trash(
    team: Team, author: User, image: Image
) -> None:
    throw_away(image)

    assert not Image.objects.visible_to(author).exists()
    assert not Image.objects.on_wall(team=team, user=author).exists()
    assert list(Image.objects.in_trash_of(author, team)) == [image]
    assert len(objects()) == 4


@pytest.mark.parametrize(
    ("role", "may"), [(Role.ADMIN, True), (Role.MEMBER, False), (Role.VIEWER, False)]
)
def test_others_images_are_the_admins_to_move(
    team: Team, image: Image, role: Role, may: bool
) -> None:
    somebody = factories.member(team, role)

    moved = trash.throw_away(by=somebody, images=[image.pk])

    assert bool(moved) == may
    assert Image.objects.in_trash_of(somebody).exists() == may
    assert Image.objects.filter(trashed_by=somebody).exists() == may


def test_an_admin_neither_moves_nor_finds_a_private_image(team: Team, author: User) -> None:
    private = factories.stored_image(of=team, by=author, visibility=Visibility.PRIVATE)
    admin = factories.member(team, Role.ADMIN)

    assert trash.throw_away(by=admin, images=[private.pk]) == []
    throw_away(private)
    assert not Image.objects.in_trash_of(admin).exists()
    assert trash.restore(by=admin, images=[private.pk]) == []


def test_who_left_the_team_does_nothing_there(team: Team, author: User, image: Image) -> None:
    author.memberships.filter(team=team).delete()

    assert trash.throw_away(by=author, images=[image.pk]) == []
    assert not Image.objects.in_trash_of(author).exists()


def test_what_is_restored_is_back_with_its_marks_and_collections(
    team: Team, author: User, image: Image
) -> None:
    favourites.mark(by=author, images=[image.pk], on=True)
    collection = collecting.create(by=author, team=team, name="Autumn")
    collecting.add(by=author, collection=collection, images=[image.pk])
    throw_away(image)

    assert trash.restore(by=factories.owner_of(team), images=[image.pk]) == [image.pk]

    shown = Image.objects.on_wall(team=team, user=author)
    assert list(shown.favourites_of(author)) == [image]
    assert list(shown.of_collection(collection)) == [image]


def test_a_second_move_changes_nothing(image: Image) -> None:
    first = throw_away(image, days_ago=3).trashed_at

    assert trash.throw_away(by=image.author, images=[image.pk]) == []
    image.refresh_from_db()
    assert image.trashed_at == first


@pytest.mark.django_db(transaction=True)
def test_thirty_days_later_every_object_is_gone_and_what_it_cost_stays(
    team: Team, author: User, image: Image
) -> None:
    favourites.mark(by=author, images=[image.pk], on=True)
    before = Receipt(image.request).summary
    throw_away(image, days_ago=30.1)

    trash.purge()

    assert objects() == []
    assert not Image.objects.exists()
    assert Attempt.objects.get().raw_body == ""  # It held the picture itself.
    assert not Favourite.objects.exists()
    assert Receipt(GenerationRequest.objects.get()).summary == before
    [batch] = batches.present(GenerationRequest.objects.all())
    assert [tile.state for tile in batch.tiles] == ["purged"]
    assert list(images.check(progress=lambda _: None)) == []  # and the books balance, as ever


def test_before_thirty_days_everything_is_still_there(image: Image) -> None:
    throw_away(image, days_ago=29.9)

    trash.purge()

    assert len(objects()) == 4
    assert trash.restore(by=image.author, images=[image.pk]) == [image.pk]


def test_the_day_that_is_promised_is_never_before_it_happens() -> None:
    thrown = timezone.now()

    assert trash.gone_on(thrown) > (thrown + trash.KEPT).date()


def test_usage_still_counts_what_was_deleted(team: Team, image: Image) -> None:
    counted = usage_days._counted(type(image.request).objects.filter(team=team))
    before = [row["made"] for row in counted]
    throw_away(image, days_ago=31)
    trash.purge()

    assert [row["made"] for row in counted.all()] == before == [1]


def test_what_is_deleted_at_once_cannot_be_restored(image: Image) -> None:
    throw_away(image)

    assert trash.delete(by=image.author, images=[image.pk]) == [image.pk]

    assert trash.restore(by=image.author, images=[image.pk]) == []
    trash.remove_objects()
    assert objects() == []


def test_what_is_not_in_the_trash_is_not_deleted(image: Image) -> None:
    assert trash.delete(by=image.author, images=[image.pk]) == []
    assert len(objects()) == 4


def test_a_store_that_is_away_is_tried_again_the_next_night(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    throw_away(image, days_ago=31)
    delete = storage.delete

    def away(key: str) -> None:
        if "original" in key:
            raise StorageUnavailable("Away.")
        delete(key)

    monkeypatch.setattr(storage, "delete", away)
    trash.purge()
    assert [path.name for path in objects()] == ["original.png"]

    monkeypatch.setattr(storage, "delete", delete)
    trash.purge()
    assert objects() == []


def test_what_came_with_a_deleted_image_is_still_stored_and_both_are_paid_for(
    team: Team, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = factories.picture(), factories.picture(shade="red")
    asked = factories.request(of=team, by=author, params={"num_images": 2})
    factories.answered(asked, raw=factories.answer(*pictures))
    put = storage.put

    def full(key: str, data: bytes, content_type: str) -> None:
        if data == pictures[1]:
            raise StorageUnavailable("Full.")
        put(key, data, content_type)

    monkeypatch.setattr(storage, "put", full)
    storing.finish(asked.pk)
    first = Image.objects.get(status=ImageStatus.STORED)
    throw_away(first)
    trash.delete(by=author, images=[first.pk])
    trash.remove_objects()

    monkeypatch.setattr(storage, "put", put)
    storing.finish(asked.pk)
    asked.refresh_from_db()
    assert (asked.status, asked.arrived) == (Status.SUCCEEDED, 2)
    assert Image.objects.get(index=1).status == ImageStatus.STORED

    trash.remove_objects()
    assert not Image.objects.filter(pk=first.pk).exists()
    assert [path.read_bytes() for path in objects()] == [pictures[1]]


def test_the_check_says_what_two_nights_could_not_delete(image: Image) -> None:
    throw_away(image, days_ago=31)
    trash._forget(Q(pk=image.pk))
    Image.objects.update(purged_at=timezone.now() - timedelta(days=3))

    assert list(images.check(progress=lambda _: None)) == [
        f"Image {image.pk}: it was deleted for good, and its objects are still there"
    ]


def test_the_check_misses_an_object_of_what_could_be_restored(image: Image) -> None:
    throw_away(image)
    storage.delete(images.original_key(image))

    assert list(images.check(progress=lambda _: None)) == [
        f"Image {image.pk}: an object is missing"
    ]


def test_renditions_that_come_too_late_are_taken_back(
    team: Team, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = factories.stored_image(of=team, by=author)
    throw_away(fresh, days_ago=31)

    def meanwhile(data: bytes) -> str:
        trash.purge()
        return ""

    monkeypatch.setattr(renditions, "placeholder", meanwhile)

    images.make_renditions(fresh.pk)

    assert objects() == []


def test_what_was_reported_waits_for_the_decision_and_leaves_an_empty_row_for_it(
    team: Team, image: Image
) -> None:
    moderation.report(by=factories.owner_of(team), image=image, reason=ReportReason.VIOLENCE)
    throw_away(image, days_ago=31)

    trash.purge()
    assert trash.delete(by=image.author, images=[image.pk]) == []
    assert len(objects()) == 4

    staff = User.objects.create_superuser("staff@example.com", "a long enough one")
    moderation.decide(by=staff, image=image, action=DecisionAction.DISMISS, reason="Harmless")
    trash.purge()
    assert objects() == []
    image.refresh_from_db()
    assert (image.folder, image.digest, image.placeholder, image.seed) == ("", "", "", None)
    assert image.decisions.get().reason == "Harmless"


def test_a_collection_loses_what_was_deleted_and_its_cover(
    team: Team, author: User, image: Image
) -> None:
    collection = collecting.create(by=author, team=team, name="Autumn")
    collecting.add(by=author, collection=collection, images=[image.pk])
    collecting.set_cover(by=author, collection=collection, image=image.pk)
    throw_away(image, days_ago=31)

    trash.purge()

    assert not CollectionItem.objects.exists()
    assert Collection.objects.get().cover is None
