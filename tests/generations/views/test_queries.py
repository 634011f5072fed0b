"""How many queries a full page takes, whatever is on it."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from generations.models import Image
from generations.views import gallery
from generations.views.composing import BATCHES_SHOWN
from tests import factories
from tests.generations.views.studio import HTMX, Studio, fill, hide, unclear


@pytest.fixture
def wall(studio: Studio) -> list[Image]:
    """More than a page of images, of several people."""
    of_author = fill(studio.team, studio.author, gallery.PAGE + 5)
    return of_author + fill(studio.team, studio.colleague, 5)


@pytest.mark.parametrize("address", ["/gallery/", "/team/"])
def test_a_gallery_page(
    mine: Client,
    wall: list[Image],
    address: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(8):
        page = mine.get(address)
    with django_assert_max_num_queries(8):
        more = mine.get(page.context["next_url"], headers=HTMX)

    assert page.text.count('class="tile') == gallery.PAGE
    assert more.text.count('class="tile') >= 5


def test_an_image_page(
    mine: Client, wall: list[Image], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(13):
        page = mine.get(reverse("image", args=[wall[30].pk]))

    assert page.context["previous_url"]
    assert page.context["next_url"]
    assert len(page.context["siblings"]) == gallery.PAGE + 4


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


def test_the_create_page(
    studio: Studio, mine: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    busy(studio, BATCHES_SHOWN + 2)

    with django_assert_max_num_queries(19):
        page = mine.get("/")

    assert page.text.count('class="batch"') == BATCHES_SHOWN


def test_a_batch_on_its_own(
    studio: Studio, mine: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    asked = factories.request(of=studio.team, by=studio.author, params={"num_images": 4})

    with django_assert_max_num_queries(8):
        mine.get(reverse("request", args=[asked.pk]), headers=HTMX)
