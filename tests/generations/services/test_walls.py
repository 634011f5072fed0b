"""A page of a wall: what the filters leave, newest first, and how many there are."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from django.db import connection

from accounts.models import Team, User
from config.ids import uuid7_at
from generations.filters import Filters
from generations.models import Image, Report, ReportReason, Visibility
from generations.services import walls
from generations.services.walls import Wall
from tests import factories


@pytest.fixture
def team(db: None) -> Team:
    return factories.team()


@pytest.fixture
def owner(team: Team) -> User:
    return factories.owner_of(team)


@pytest.fixture(params=[4000, 3, 1], ids="walk {}".format)
def walk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far the newest are walked, the answer is the same."""
    monkeypatch.setattr(walls, "WALK", request.param)


def wall(team: Team, user: User, **chosen: object) -> Wall:
    images = Image.objects.on_wall(team=team, user=user)
    return Wall(images, team, Filters(**chosen))  # type: ignore[arg-type]  # as each test names them


def found(team: Team, user: User, **chosen: object) -> list[Image]:
    return wall(team, user, **chosen).page(after=None, size=50)


def made(team: Team, *prompts: str, by: User | None = None) -> list[Image]:
    return [factories.stored_image(of=team, by=by, prompt=one) for one in prompts]


@pytest.mark.usefixtures("walk")
def test_a_word_finds_what_has_it_newest_first(team: Team, owner: User) -> None:
    first, _, _, last = made(team, "A fox", "A hare", "A crow", "Two foxes")

    assert found(team, owner, words="fox") == [last, first]


@pytest.mark.usefixtures("walk")
def test_pages_of_a_search_follow_each_other_without_a_gap_or_a_double(
    team: Team, owner: User
) -> None:
    foxes = made(team, *["A fox"] * 5)
    made(team, "A hare")
    searched = wall(team, owner, words="fox")
    seen: list[Image] = []
    while page := searched.page(after=seen[-1].pk if seen else None, size=2):
        seen += page

    assert seen == foxes[::-1]


@pytest.mark.usefixtures("walk")
def test_neighbours_of_a_search_are_in_it(team: Team, owner: User) -> None:
    oldest, _, middle, _, newest = made(team, "A fox", "A hare", "A fox", "A hare", "A fox")
    searched = wall(team, owner, words="fox")

    assert searched.beside(middle.pk) == (newest.pk, oldest.pk)
    assert searched.beside(newest.pk) == (None, middle.pk)
    assert searched.beside(oldest.pk) == (middle.pk, None)


@pytest.mark.usefixtures("walk")
@pytest.mark.parametrize("words", ["", "fox"])
def test_what_is_newer_comes_nearest_first(team: Team, owner: User, words: str) -> None:
    image, second, third, _ = made(team, *["A fox"] * 4)
    searched = wall(team, owner, words=words)

    assert searched.newer(image.pk, size=2) == [second.pk, third.pk]
    assert wall(team, owner, words="!?").newer(image.pk, size=2) == []


@pytest.mark.usefixtures("walk")
def test_a_search_finds_nobody_elses(team: Team, owner: User) -> None:
    private = Visibility.PRIVATE
    factories.stored_image(of=team, by=factories.member(team), prompt="A fox", visibility=private)
    factories.stored_image(prompt="A fox")
    [own] = made(team, "A fox")

    assert found(team, owner, words="fox") == [own]


def test_an_image_is_found_by_its_shape(team: Team, owner: User) -> None:
    sizes = {"portrait": (48, 64), "square": (64, 64), "landscape": (64, 48)}
    images = {
        shape: factories.stored_image(of=team, data=factories.picture(size))
        for shape, size in sizes.items()
    }

    for shape, image in images.items():
        assert found(team, owner, shape=shape) == [image]


def test_an_image_is_found_by_its_model_and_seed(team: Team, owner: User) -> None:
    [image] = made(team, "A fox")

    assert found(team, owner, model=factories.MODEL, seed=7) == [image]
    assert found(team, owner, model=factories.MODEL, seed=8) == []
    assert found(team, owner, model="flux-pro") == []


def test_an_image_is_found_by_who_made_it(team: Team, owner: User) -> None:
    someone = factories.member(team)
    [theirs] = made(team, "A fox", by=someone)
    made(team, "A fox", by=owner)

    assert found(team, owner, person=someone) == [theirs]
    assert found(team, owner, person=someone, words="fox") == [theirs]


def test_an_image_is_found_by_its_day(team: Team, owner: User) -> None:
    at = datetime(2026, 3, 8, 23, 59, tzinfo=UTC)
    [image] = made(team, "A fox")
    made(team, "A fox")
    moved = uuid7_at(at, 1)
    Image.objects.filter(pk=image.pk).update(id=moved, created_at=at)
    day = date(2026, 3, 8)

    for chosen in ({"since": day, "until": day}, {"until": day}, {"until": day, "words": "fox"}):
        assert [one.pk for one in found(team, owner, **chosen)] == [moved]
    assert found(team, owner, until=date(2026, 3, 7)) == []
    assert moved not in [one.pk for one in found(team, owner, since=date(2026, 3, 9))]


def test_an_image_is_found_by_what_became_of_its_report(team: Team, owner: User) -> None:
    reported, _ = made(team, "A fox", "A hare")
    Report.objects.create(image=reported, reporter=owner, reason=ReportReason.OTHER)

    assert found(team, owner, moderation="reported") == [reported]
    assert found(team, owner, moderation="decided") == []


def test_words_without_a_letter_find_nothing(team: Team, owner: User) -> None:
    made(team, "A fox")

    assert found(team, owner, words="!?") == []
    assert wall(team, owner, words="!?").beside(UUID(int=0)) == (None, None)


@pytest.mark.parametrize("words", ["", "fox"])
def test_images_are_counted_no_further_than_anybody_reads(
    team: Team, owner: User, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "COUNTED", 2)
    made(team, *["A fox"] * 4)

    page = wall(team, owner, words=words).page(after=None, size=1, counted=True)

    assert walls.count(page) == walls.Count(2, is_more=True)


def test_a_wall_that_was_walked_to_its_end_is_counted_exactly(
    team: Team, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "COMMON", 1)
    made(team, *["A fox"] * 4)

    page = wall(team, owner, words="fox").page(after=None, size=9, counted=True)

    assert walls.count(page) == walls.Count(4)


def test_a_common_word_is_counted_among_the_newest(
    team: Team, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"WALK": 3, "COMMON": 2, "ROUND": 1}.items():
        monkeypatch.setattr(walls, name, value)
    made(team, *["A fox"] * 4)

    page = wall(team, owner, words="fox").page(after=None, size=9, counted=True)

    assert walls.count(page) == walls.Count(3, is_more=True)


@pytest.mark.parametrize("chosen", [{}, {"words": "fox"}, {"shape": "portrait"}])
def test_a_rare_word_is_counted_to_its_end(
    team: Team, owner: User, chosen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "WALK", 1)
    made(team, "A fox", "A fox", "A fox")

    page = wall(team, owner, **chosen).page(after=None, size=9, counted=True)

    assert walls.count(page) == walls.Count(0 if "shape" in chosen else 3)


def test_what_is_not_stored_is_in_no_index(team: Team, owner: User) -> None:
    [image] = made(team, "A fox")

    Image.objects.filter(pk=image.pk).update(status="lost", stored_at=None)

    with connection.cursor() as cursor:
        cursor.execute("SELECT search FROM generations_image")
        assert cursor.fetchall() == [(None,)]
