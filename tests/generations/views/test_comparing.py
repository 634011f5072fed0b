"""Images beside each other."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from generations.models import Favourite, Image, Visibility
from generations.services import trash
from tests import factories
from tests.generations.views.studio import HTMX, Studio, browser, fill, hide

LETTERS = "abcd"


@pytest.fixture
def images(studio: Studio) -> list[Image]:
    return [factories.stored_image(of=studio.team, by=studio.author) for _ in range(4)]


def address(*images: Image, **more: str) -> str:
    named = [f"{letter}={image.pk}" for letter, image in zip(LETTERS, images, strict=False)]
    return "/compare/?" + "&".join([*named, *(f"{name}={value}" for name, value in more.items())])


def test_two_images_lie_under_a_slider(mine: Client, images: list[Image]) -> None:
    page = mine.get(address(*images[:2]))

    assert page.text.count('type="range"') == 1
    assert "A · FLUX.1 [dev]" in page.text
    assert "No value differs" in page.text


def test_side_by_side_there_is_nothing_to_move(mine: Client, images: list[Image]) -> None:
    page = mine.get(address(*images[:2], mode="side"))

    assert 'type="range"' not in page.text
    assert f'href="{address(*images[:2])}"'.replace("&", "&amp;") in page.text


@pytest.mark.parametrize("count", [3, 4])
def test_more_stand_in_a_grid(mine: Client, images: list[Image], count: int) -> None:
    page = mine.get(address(*images[:count]))

    assert page.text.count("<figure") == count
    assert 'type="range"' not in page.text
    assert "Side by side" not in page.text


def test_differences_are_said_in_words(studio: Studio, mine: Client, images: list[Image]) -> None:
    other = factories.stored_image(of=studio.team, by=studio.author, prompt="A heron")

    page = mine.get(address(images[0], other))

    assert "1 of" in page.text
    assert 'A heron<span class="spoken">, differs from A</span>' in page.text


def test_a_prompt_is_text(studio: Studio, mine: Client, images: list[Image]) -> None:
    words = "<b>A heron</b> {{ 7|add:7 }}"
    other = factories.stored_image(of=studio.team, by=studio.author, prompt=words)

    page = mine.get(address(images[0], other))

    assert "<b>A heron" not in page.text
    assert "&lt;b&gt;A heron&lt;/b&gt; {{ 7|add:7 }}" in page.text


def test_one_image_asks_for_another_of_its_batch(studio: Studio, mine: Client) -> None:
    one, other, gone = fill(studio.team, studio.author, 3)
    trash.throw_away(by=studio.author, images=[gone.pk])

    page = mine.get(address(one))

    assert "Compare it with which image?" in page.text
    assert address(one, other).replace("&", "&amp;") in page.text
    assert str(gone.pk) not in page.text


def test_an_image_twice_is_one_image(mine: Client, images: list[Image]) -> None:
    assert "with which image" in mine.get(address(images[0], images[0])).text


@pytest.mark.parametrize("kind", ["foreign", "private", "hidden", "trashed", "missing", "no id"])
def test_what_one_may_not_see_is_not_there(
    studio: Studio, mine: Client, images: list[Image], kind: str
) -> None:
    named = {"missing": str(uuid4()), "no id": "1"}
    other = images[1]
    if kind == "foreign":
        other = factories.stored_image()
    elif kind == "private":
        other = factories.stored_image(
            of=studio.team, by=studio.colleague, visibility=Visibility.PRIVATE
        )
    elif kind == "hidden":
        hide(studio, other)
    elif kind == "trashed":
        trash.throw_away(by=studio.author, images=[other.pk])

    page = mine.get(f"/compare/?a={images[0].pk}&b={named.get(kind, other.pk)}")

    assert page.status_code == 404


def test_a_page_takes_few_queries_however_many_images(
    mine: Client, images: list[Image], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(8):
        mine.get(address(*images))


def test_one_is_kept_and_let_go_again(studio: Studio, mine: Client, images: list[Image]) -> None:
    keep = reverse("image-favourite", args=[images[1].pk])

    button = mine.post(f"{keep}?letter=B", {"on": "1"}, headers=HTMX)

    assert "Keep B" in button.text
    assert 'aria-pressed="true"' in button.text
    assert Favourite.objects.get(user=studio.author).image == images[1]
    mine.post(f"{keep}?letter=B", {"on": "0"}, headers=HTMX)
    assert not Favourite.objects.exists()


def test_without_a_script_keeping_one_leads_back(mine: Client, images: list[Image]) -> None:
    here = address(*images[:2])

    answer = mine.post(reverse("image-favourite", args=[images[0].pk]), {"on": "1", "next": here})

    assert answer["Location"] == here
    assert 'aria-pressed="true"' in mine.get(here).text


def test_what_is_ticked_on_a_wall_is_compared(mine: Client, images: list[Image]) -> None:
    ticked = {"image": [image.pk for image in images[:3]], "next": "/team/?q=heron"}

    answer = mine.post("/images/compare/", ticked)

    assert answer["Location"] == address(*images[:3], back="%2Fteam%2F%3Fq%3Dheron")
    assert 'href="/team/?q=heron" data-back' in mine.get(answer["Location"]).text


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_and_too_many_are_told_apart(studio: Studio, mine: Client, count: int) -> None:
    ticked = [image.pk for image in fill(studio.team, studio.author, 5)[:count]]

    page = mine.post("/images/compare/", {"image": ticked, "next": "/team/"}, follow=True)

    assert "Tick two, three or four images to compare them." in page.text


@pytest.mark.parametrize(
    "way", ["https://elsewhere.example/", "//elsewhere.example", "javascript:0"]
)
def test_the_way_back_is_ours(mine: Client, images: list[Image], way: str) -> None:
    page = mine.get(address(*images[:2], back=way))

    assert page.context["back_url"] == reverse("image", args=[images[0].pk])


def test_the_page_of_an_image_offers_the_next_of_its_batch(studio: Studio, mine: Client) -> None:
    batch = fill(studio.team, studio.author, 3)
    alone = factories.stored_image(of=studio.team, by=studio.author)

    def offered(image: Image) -> str:
        url: str = mine.get(reverse("image", args=[image.pk])).context["compare_url"]
        return url

    assert offered(batch[0]) == address(batch[0], batch[1])
    assert offered(batch[1]) == address(batch[1], batch[2])
    assert offered(batch[2]) == address(batch[2], batch[0])
    assert offered(alone) == address(alone)


def test_an_outsider_compares_nothing(studio: Studio, images: list[Image]) -> None:
    assert browser(studio.outsider).get(address(*images[:2])).status_code == 404
