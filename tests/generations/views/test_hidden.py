"""A hidden image is gone from every page and address, for everybody; restored, it is back."""

import pytest
from django.test import Client
from django.urls import reverse

from generations.models import Image
from generations.services import images
from tests import factories
from tests.generations.views.studio import Studio, browser, hide, restore

EVERYBODY = ("author", "colleague", "admin", "owner", "viewer", "staff")
ADDRESSES = [
    ("image", []),
    *(("image-file", [name]) for name in ("original", "320", "640", "1280")),
    ("image-report", []),
]


@pytest.fixture
def image(studio: Studio) -> Image:
    """The middle one of three of the author's, with a sibling."""
    factories.stored_image(of=studio.team, by=studio.author)
    asked = factories.request(
        of=studio.team, by=studio.author, prompt="A heron", params={"num_images": 2}
    )
    done = factories.succeeded(asked, pictures=[factories.picture(), factories.picture()])
    factories.stored_image(of=studio.team, by=studio.author)
    found = done.images.get(index=0)
    images.make_renditions(found.pk)
    return found


def status(client: Client, image: Image, name: str, rest: list[str]) -> int:
    address = reverse(name, args=[image.pk, *rest])
    if name == "image-report":
        return client.post(address, {"reason": "violence"}).status_code
    return client.get(address).status_code


def pages(image: Image) -> list[str]:
    """Every page that shows an image of a team or its author."""
    others = Image.objects.exclude(pk=image.pk).filter(author=image.author)
    return [
        "/",
        "/gallery/",
        "/team/",
        reverse("request", args=[image.request_id]),
        *(reverse("image", args=[one.pk]) for one in others),
    ]


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize(("name", "rest"), ADDRESSES)
def test_no_address_of_a_hidden_image_opens(
    studio: Studio, image: Image, who: str, name: str, rest: list[str]
) -> None:
    hide(studio, image)

    assert status(browser(getattr(studio, who)), image, name, rest) == 404


@pytest.mark.parametrize(("name", "rest"), ADDRESSES)
def test_every_address_of_a_restored_image_opens_again(
    studio: Studio, image: Image, name: str, rest: list[str]
) -> None:
    hide(studio, image)
    restore(studio, image)

    assert status(browser(studio.colleague), image, name, rest) in {200, 302}


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_page_leads_to_a_hidden_image(studio: Studio, image: Image, who: str) -> None:
    hide(studio, image)
    client = browser(getattr(studio, who))

    for page in pages(image):
        assert str(image.pk) not in client.get(page).text, page


def test_every_page_of_its_author_leads_to_an_image_before_and_after(
    studio: Studio, mine: Client, image: Image
) -> None:
    shown = [page for page in pages(image) if str(image.pk) in mine.get(page).text]
    hide(studio, image)
    restore(studio, image)

    assert len(shown) >= 6
    assert all(str(image.pk) in mine.get(page).text for page in shown)


def test_a_hidden_image_is_not_counted(studio: Studio, mine: Client, image: Image) -> None:
    before = mine.get("/gallery/").context["count"]

    hide(studio, image)

    assert mine.get("/gallery/").context["count"] == before - 1


def test_the_author_finds_the_reason_in_its_place(
    studio: Studio, mine: Client, image: Image
) -> None:
    hide(studio, image, "Gore, as reported")

    for page in ("/", reverse("request", args=[image.request_id])):
        assert "Hidden by a moderator. Gore, as reported" in mine.get(page).text


def test_the_reason_is_that_of_the_latest_decision(
    studio: Studio, mine: Client, image: Image
) -> None:
    hide(studio, image, "A first reason")
    restore(studio, image)
    hide(studio, image, "A second reason")

    page = mine.get("/").text

    assert "A second reason" in page
    assert "A first reason" not in page


def test_the_rest_of_the_batch_stays(studio: Studio, mine: Client, image: Image) -> None:
    hide(studio, image)
    [sibling] = image.request.images.exclude(pk=image.pk)

    assert str(sibling.pk) in mine.get("/").text
    assert mine.get(reverse("image", args=[sibling.pk])).status_code == 200


def test_its_own_recipe_is_the_authors_to_edit(studio: Studio, mine: Client, image: Image) -> None:
    hide(studio, image)

    form = mine.get("/", {"edit": str(image.request_id)}).context["form"]

    assert form["prompt"].value() == "A heron"
