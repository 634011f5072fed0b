"""Taking images away: who may, what they get, and under which name."""

import io
import re
import zipfile

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse

from config.ids import uuid7
from generations import provenance, storage
from generations.models import Download, Image, Visibility
from generations.services import downloads, sharing, trash
from generations.services.sharing import Terms
from tests import factories
from tests.generations.files import credentialed
from tests.generations.views.studio import Studio, browser, hide

ZIP = "/images/zip/"


@pytest.fixture
def image(studio: Studio) -> Image:
    return factories.stored_image(of=studio.team, by=studio.author, prompt="A heron")


def address(image: Image) -> str:
    return reverse("image-download", args=[image.pk])


@async_to_sync
async def zipped(client: Client, *images: Image, **form: str) -> bytes:
    """Over ASGI, as it is served."""
    real = AsyncClient()
    real.cookies = client.cookies
    sent = {"image": [str(image.pk) for image in images], **form}
    answer = await real.post(ZIP, sent)
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="darkroom-2')
    assert "no-store" in answer.headers["Cache-Control"]
    return b"".join([part async for part in answer])  # type: ignore[attr-defined]  # streams


def names(archive: bytes) -> set[str]:
    return set(zipfile.ZipFile(io.BytesIO(archive)).namelist())


@pytest.mark.parametrize(
    ("query", "content_type", "extension"),
    [
        ("", "image/png", "png"),
        ("?kind=original", "image/png", "png"),
        ("?kind=jpeg", "image/jpeg", "jpg"),
        ("?kind=webp&strip=on", "image/webp", "webp"),
        ("?kind=png", "image/png", "png"),
    ],
)
def test_a_file_has_its_type_and_a_name_that_tells_nothing(
    mine: Client, image: Image, query: str, content_type: str, extension: str
) -> None:
    answer = mine.get(address(image) + query)

    assert answer.headers["Content-Type"] == content_type
    name = f"darkroom-{image.pk}.{extension}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert provenance.read(answer.content).any != ("strip" in query)


def test_a_download_is_recorded_and_a_look_at_its_headers_is_not_one(
    studio: Studio, mine: Client, image: Image
) -> None:
    assert mine.head(address(image)).status_code == 405

    mine.get(address(image))

    assert Download.objects.get().by == studio.author


def test_a_file_with_a_credential_leaves_as_it_came(studio: Studio, mine: Client) -> None:
    signed = credentialed("image/jpeg")
    image = factories.stored_image(of=studio.team, by=studio.author, data=signed)

    assert mine.get(address(image)).content == signed


@pytest.fixture
def deleted_while_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images are deleted for good as soon as the bytes of one were read."""
    get = storage.get

    def read(key: str) -> bytes:
        data = get(key)
        Image.objects.all().delete()
        return data

    monkeypatch.setattr(storage, "get", read)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("deleted_while_read")
def test_an_image_that_is_deleted_meanwhile_is_not_there(mine: Client, image: Image) -> None:
    assert mine.get(address(image)).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("deleted_while_read")
def test_nor_is_it_behind_a_link(client: Client, image: Image) -> None:
    _, secret = sharing.share(by=image.author, what=image, terms=Terms())
    offered = re.search(r'"(/s/[^"]*/file/download/[^"]*)"', client.get(f"/s/{secret}/").text)

    assert offered
    assert client.get(offered[1]).status_code == 404


@pytest.mark.parametrize("query", ["?kind=gif", "?kind=../etc", "?kind=ORIGINAL"])
def test_there_are_no_other_formats(mine: Client, image: Image, query: str) -> None:
    assert mine.get(address(image) + query).status_code == 404


def test_the_page_offers_every_format(mine: Client, image: Image) -> None:
    page = mine.get(reverse("image", args=[image.pk])).text

    assert f'action="{address(image)}"' in page
    for kind in downloads.Kind:
        assert f'name="kind" value="{kind}"' in page
    assert "Without metadata" in page


@pytest.mark.usefixtures("image")
def test_a_wall_offers_every_format_for_what_is_ticked(mine: Client) -> None:
    page = mine.get("/gallery/").text

    for kind in downloads.Kind:
        assert f'name="kind" value="{kind}" formaction="{ZIP}"' in page
    assert 'name="strip"' in page
    assert f'formaction="{ZIP}"' not in mine.get("/trash/").text


def test_what_is_copied_comes_from_this_very_site(mine: Client, image: Image) -> None:
    page = mine.get(reverse("image", args=[image.pk])).text

    assert f'data-copy-image="{address(image)}?kind=png"' in page


def unseen(studio: Studio) -> dict[str, Image]:
    """Images that a colleague must not have."""
    author = studio.author
    made = {
        "private": factories.stored_image(of=studio.team, by=author, visibility=Visibility.PRIVATE),
        "hidden": factories.stored_image(of=studio.team, by=author),
        "trashed": factories.stored_image(of=studio.team, by=author),
        "foreign": factories.stored_image(),
    }
    hide(studio, made["hidden"])
    trash.throw_away(by=author, images=[made["trashed"].pk])
    return made


def test_nobody_takes_away_what_they_may_not_see(studio: Studio, image: Image) -> None:
    client = browser(studio.colleague)

    for why, one in unseen(studio).items():
        assert client.get(address(one)).status_code == 404, why
        assert client.post(ZIP, {"image": str(one.pk)}).status_code == 404, why
        assert names(zipped(client, image, one)) == {f"darkroom-{image.pk}.png"}, why
    assert set(Download.objects.values_list("image", flat=True)) == {image.pk}


def test_a_zip_is_in_the_format_that_was_chosen(mine: Client, image: Image) -> None:
    archive = zipped(mine, image, kind="jpeg", strip="on")

    [name] = names(archive)
    file = zipfile.ZipFile(io.BytesIO(archive)).read(name)
    assert name.endswith(".jpg")
    assert not provenance.read(file).any


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 404),
        ({"image": ["none"]}, 404),
        ({"image": [str(uuid7()) for _ in range(501)]}, 400),
    ],
)
def test_a_zip_of_nothing_or_too_much_is_refused(
    mine: Client, form: dict[str, object], status: int
) -> None:
    assert mine.post(ZIP, form).status_code == status


def test_a_zip_in_no_known_format_is_refused(mine: Client, image: Image) -> None:
    assert mine.post(ZIP, {"image": [str(image.pk)], "kind": "gif"}).status_code == 404
