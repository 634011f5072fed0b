"""How many queries a full page takes, whatever is on it."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Role, User
from accounts.services import teams
from generations.models import Image
from generations.services import trash
from generations.views import gallery
from generations.views.composing import BATCHES_SHOWN
from tests import factories
from tests.generations.views.studio import HTMX, Studio, browser, fill, hide, places_of, unclear


@pytest.fixture
def wall(studio: Studio) -> list[Image]:
    """More than a page of images, of several people."""
    of_author = fill(studio.team, studio.author, gallery.PAGE + 5)
    return of_author + fill(studio.team, studio.colleague, 5)


@pytest.fixture
def busiest(studio: Studio) -> Client:
    """Of somebody for whom every part of a page is drawn: who approves here, and is staff."""
    User.objects.filter(pk=studio.author.pk).update(is_staff=True, is_superuser=True)
    Membership.objects.filter(user=studio.author, team=studio.team).update(role=Role.OWNER)
    return browser(studio.author)


@pytest.fixture
def places(studio: Studio, wall: list[Image]) -> dict[str, str]:
    """The address of each wall with more than a page of images."""
    return places_of(studio, wall)


def test_every_wall(
    busiest: Client,
    places: dict[str, str],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for address in places.values():
        for query in ("", "?q=lighthouse"):
            with django_assert_max_num_queries(8):
                page = busiest.get(address + query)
            assert page.text.count('class="tile') == gallery.PAGE
            with django_assert_max_num_queries(8):
                more = busiest.get(page.context["next_url"], headers=HTMX)
            assert more.text.count('class="tile') >= 5


def test_the_trash_and_the_collections(
    studio: Studio,
    busiest: Client,
    wall: list[Image],
    places: dict[str, str],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(8):
        shelf = busiest.get("/collections/")
    trash.throw_away(by=studio.author, images=[image.pk for image in wall])
    with django_assert_max_num_queries(8):
        page = busiest.get("/trash/")

    assert "All" in shelf.text
    assert page.text.count('class="tile') == gallery.PAGE


def test_an_image_page_from_every_wall(
    busiest: Client,
    wall: list[Image],
    places: dict[str, str],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for place, address in places.items():
        with django_assert_max_num_queries(8):
            page = busiest.get(reverse("image", args=[wall[30].pk]), {"wall": place})

        assert page.context["previous_url"]
        assert page.context["next_url"]
        assert page.context["back_url"].startswith(f"{address}?around=")
        with django_assert_max_num_queries(8):
            back = busiest.get(page.context["back_url"])
        assert back.text.count('class="tile') == gallery.PAGE
        assert len(page.context["siblings"]) == gallery.PAGE + 4


def test_an_image_page_of_another_team(
    studio: Studio,
    busiest: Client,
    wall: list[Image],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    home = factories.team(name="Home", owner=studio.author)
    busiest.post(reverse("team-switch"), {"team": home.slug})

    with django_assert_max_num_queries(8):
        page = busiest.get(reverse("image", args=[wall[30].pk]))

    assert page.context["team"] == home


def test_a_file(
    mine: Client, wall: list[Image], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(3):
        mine.get(reverse("image-file", args=[wall[0].pk, "640"]))


def busy(studio: Studio, batches: int) -> None:
    """Batches of every kind: ready, hidden in part, unclear, and the rest queued."""
    for _ in range(batches // 4):
        asked = factories.request(of=studio.team, by=studio.author, params={"num_images": 2})
        done = factories.succeeded(asked, pictures=[factories.picture()] * 2)
        hide(studio, done.images.get(index=1))
    for _ in range(batches // 4):
        unclear(factories.request(of=studio.team, by=studio.author))
    for _ in range(batches - 2 * (batches // 4)):
        factories.request(of=studio.team, by=studio.author)


def limit_everything(studio: Studio) -> None:
    """All that bounds what a member may ask for, each in its own way."""
    for whose, model in ((None, ""), (studio.author, ""), (None, "flux/schnell")):
        factories.limit(studio.team, to=whose, amount=900 * factories.CREDIT, model=model)
    teams.set_failover(by=studio.owner, team=studio.team, allowed=True)
    teams.set_approval(by=studio.owner, team=studio.team, above=3 * factories.PRICE)


def test_the_create_page(
    studio: Studio, mine: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(BATCHES_SHOWN + 2):
        factories.stored_image(of=studio.team, by=studio.author)

    with django_assert_max_num_queries(13):
        page = mine.get("/")

    assert page.text.count('class="batch"') == BATCHES_SHOWN


def test_the_create_page_of_somebody_with_many_limits_and_something_of_everything(
    studio: Studio, mine: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    limit_everything(studio)
    busy(studio, BATCHES_SHOWN)
    factories.request(of=studio.team, by=studio.author, params={"num_images": 4})

    with django_assert_max_num_queries(19):
        page = mine.get("/")

    assert page.text.count('class="batch"') == BATCHES_SHOWN
    assert "Waits for approval by" in page.text


def test_the_pages_that_ask_for_several_requests_at_once(
    studio: Studio, mine: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    limit_everything(studio)
    image = factories.stored_image(of=studio.team, by=studio.author)

    with django_assert_max_num_queries(10):
        comparison = mine.get("/compare/new/")
    with django_assert_max_num_queries(12):
        series = mine.get(reverse("image-vary", args=[image.pk]))

    assert len(comparison.context["preview"].parts) == 3
    assert len(series.context["preview"].parts) > 1


def test_a_batch_on_its_own(
    studio: Studio, mine: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    asked = factories.request(of=studio.team, by=studio.author, params={"num_images": 4})

    with django_assert_max_num_queries(10):
        mine.get(reverse("request", args=[asked.pk]), headers=HTMX)
