"""Finding out of which image a file is, or what it says of itself."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from generations.models import Download, Image, Visibility
from generations.provenance import Origin, mark
from tests import factories
from tests.generations.files import KINDS, credentialed, noise
from tests.generations.views.studio import Studio, browser, hide

FOREIGN = Origin(prompt="Somebody else's words", model="sd", params={}, seed=3, width=65, height=49)
NOT_MINE = "is not among your images"


@pytest.fixture
def image(studio: Studio) -> Image:
    data = noise("image/png")
    return factories.stored_image(of=studio.team, by=studio.author, prompt="A heron", data=data)


def check(client: Client, data: bytes, name: str = "picture.png") -> str:
    return client.post("/check/", {"file": SimpleUploadedFile(name, data)}).text


def download(client: Client, image: Image, query: str = "") -> bytes:
    data: bytes = client.get(reverse("image-download", args=[image.pk]) + query).content
    return data


def test_an_original_is_found_with_its_recipe(mine: Client, image: Image) -> None:
    page = check(mine, noise("image/png"))

    assert "It is an image of Northlight" in page
    assert reverse("image", args=[image.pk]) in page
    for words in ("A heron", "FLUX.1 [dev]", "65 × 49", ">7<", image.digest):
        assert words in page


@pytest.mark.parametrize("query", ["", "?strip=on", "?kind=jpeg", "?kind=webp&strip=on"])
def test_every_file_that_was_downloaded_is_found(
    studio: Studio, mine: Client, image: Image, query: str
) -> None:
    file = download(mine, image, query)

    for client in (mine, browser(studio.colleague)):
        assert "It is an image of Northlight" in check(client, file)


def test_a_file_that_was_changed_is_not_found(mine: Client, image: Image) -> None:
    page = check(mine, download(mine, image) + b"\0")

    assert NOT_MINE in page
    assert "says that a model made it" in page
    assert "proves nothing" in page


def test_what_one_may_not_see_is_not_found(studio: Studio, mine: Client, image: Image) -> None:
    file = download(mine, image)
    private = factories.picture((90, 60))
    factories.stored_image(
        of=studio.team, by=studio.author, visibility=Visibility.PRIVATE, data=private
    )

    for data in (noise("image/png"), file):
        assert NOT_MINE in check(browser(studio.outsider), data)
    assert NOT_MINE in check(browser(studio.colleague), private)
    hide(studio, image)
    assert NOT_MINE in check(mine, noise("image/png"))


@pytest.mark.parametrize("content_type", KINDS)
def test_what_a_foreign_file_says_of_itself_is_said_in_words(
    mine: Client, content_type: str
) -> None:
    page = check(mine, mark(noise(content_type), content_type, FOREIGN))

    assert NOT_MINE in page
    assert "It says that a model made it." in page
    assert "It carries no content credential." in page
    assert "Somebody else&#x27;s words" in page


def test_a_credential_is_named(mine: Client) -> None:
    page = check(mine, credentialed("image/jpeg"))

    assert "It carries a content credential." in page
    assert "It does not say that a model made it" in page


@pytest.mark.parametrize("data", [b"", b"hello", noise("image/png")[:60]])
def test_what_is_no_picture_is_said_to_be_none(mine: Client, data: bytes) -> None:
    page = check(mine, data, "<b>note.txt")

    assert "It is no PNG, JPEG or WebP picture" in page
    assert "&lt;b&gt;note.txt" in page


def test_nothing_is_kept_of_a_file_that_is_checked(mine: Client) -> None:
    file = SimpleUploadedFile("picture.webp", noise("image/webp"))

    page = mine.post("/check/", {"file": file})

    assert "no-store" in page.headers["Cache-Control"]
    assert not Download.objects.exists()


def test_no_file_is_a_mistake(mine: Client) -> None:
    page = mine.post("/check/", {})

    assert page.status_code == 422
    assert 'id="id_file_error"' in page.text
