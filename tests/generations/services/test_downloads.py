"""Files that people take away: their form, what they say, and the record of them."""

import hashlib
import io
import threading
import zipfile

import pytest
from PIL import Image as Picture

from generations import containers, provenance, storage
from generations.errors import StorageUnavailable, UnusableImage
from generations.models import Download, Image
from generations.services import downloads, images
from generations.services.downloads import Kind
from tests import factories
from tests.generations.files import KINDS, credentialed, noise, pixels

pytestmark = pytest.mark.django_db
WANTED = {Kind.JPEG: "image/jpeg", Kind.PNG: "image/png", Kind.WEBP: "image/webp"}


def stored(content_type: str = "image/png", mode: str = "RGB") -> Image:
    return factories.stored_image(prompt="A heron", data=noise(content_type, mode))


@pytest.mark.parametrize("content_type", KINDS)
def test_the_original_keeps_every_pixel_and_says_how_it_was_made(content_type: str) -> None:
    image = stored(content_type)

    file = downloads.make(image)

    claims = provenance.read(file.data)
    assert pixels(file.data) == pixels(noise(content_type))
    assert claims.is_marked
    assert claims.text.startswith("A heron\n")
    assert "Seed: 7, Size: 65x49, Model: flux/dev" in claims.text
    assert file.content_type == content_type


@pytest.mark.parametrize("kind", WANTED)
@pytest.mark.parametrize("content_type", KINDS)
def test_a_picture_is_had_in_each_format(content_type: str, kind: Kind) -> None:
    image = stored(content_type, "RGB")

    file = downloads.make(image, kind=kind)

    extension = {"jpeg": "jpg"}.get(kind, kind.value)
    with Picture.open(io.BytesIO(file.data)) as picture:
        assert (f"image/{kind}", picture.size) == (WANTED[kind], (65, 49))
        assert picture.format == KINDS[WANTED[kind]]
    assert file.name == f"darkroom-{image.pk}.{extension}"
    assert provenance.read(file.data).text.startswith("A heron\n")


def test_its_own_format_is_not_made_anew() -> None:
    image = stored("image/jpeg")

    assert downloads.make(image, kind=Kind.JPEG).data == downloads.make(image).data


def test_what_is_clear_stays_clear_where_it_can_and_turns_white_where_not() -> None:
    clear = io.BytesIO()
    Picture.new("RGBA", (4, 4), (255, 0, 0, 0)).save(clear, "PNG")
    image = factories.stored_image(data=factories.picture((64, 48)))
    storage.put(images.original_key(image), clear.getvalue(), "image/png")

    webp = Picture.open(io.BytesIO(downloads.make(image, kind=Kind.WEBP).data))
    jpeg = Picture.open(io.BytesIO(downloads.make(image, kind=Kind.JPEG).data))

    assert webp.convert("RGBA").getchannel("A").getextrema() == (0, 0)
    assert jpeg.getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("content_type", KINDS)
def test_without_metadata_a_file_says_nothing(content_type: str, kind: Kind) -> None:
    file = downloads.make(stored(content_type), kind=kind, strip=True)

    assert not provenance.read(file.data).any
    assert b"heron" not in file.data
    assert b"Darkroom" not in file.data


@pytest.mark.parametrize("content_type", KINDS)
def test_a_file_with_a_credential_is_given_out_byte_for_byte(content_type: str) -> None:
    signed = credentialed(content_type)
    image = factories.stored_image(data=signed)

    for kind in (Kind.ORIGINAL, Kind(content_type.removeprefix("image/"))):
        file = downloads.make(image, kind=kind)
        assert file.data == signed
        assert file.digest == image.digest


def test_a_credential_does_not_outlive_the_file_it_is_of() -> None:
    image = factories.stored_image(data=credentialed("image/png"))

    converted = downloads.make(image, kind=Kind.JPEG)
    stripped = downloads.make(image, strip=True)

    assert provenance.read(converted.data).is_marked
    assert not containers.has_credential(converted.data, "image/jpeg")
    assert not provenance.read(stripped.data).any


def test_what_was_given_out_is_recorded_with_its_digest() -> None:
    image = stored()
    file = downloads.make(image, kind=Kind.WEBP)

    downloads.record(file, image=image, by=image.author)

    [kept] = Download.objects.all()
    assert (kept.image, kept.by, kept.content_type) == (image, image.author, "image/webp")
    assert kept.digest == hashlib.sha256(file.data).hexdigest()


def test_a_zip_holds_each_file_under_its_name_and_each_is_recorded() -> None:
    chosen = [stored("image/png"), stored("image/jpeg")]

    whole = b"".join(downloads.zipped(chosen, kind=Kind.ORIGINAL, strip=False, by=chosen[0].author))

    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == [downloads.make(one).name for one in chosen]
        assert archive.read(names[0]) == downloads.make(chosen[0]).data
    assert Download.objects.count() == 2


def test_a_zip_is_made_while_it_is_read() -> None:
    chosen = [stored(), stored()]
    pieces = downloads.zipped(chosen, kind=Kind.ORIGINAL, strip=False, by=chosen[0].author)

    next(pieces)

    assert Download.objects.count() == 1


def damaged() -> Image:
    """A picture of which the end is missing, as a provider may send it."""
    return factories.stored_image(data=noise("image/png")[:-300])


def test_a_damaged_original_is_given_out_as_it_is() -> None:
    image = damaged()

    assert downloads.make(image).digest == image.digest
    for asked in ({"kind": Kind.JPEG, "strip": False}, {"kind": Kind.ORIGINAL, "strip": True}):
        with pytest.raises(UnusableImage):
            downloads.make(image, **asked)  # type: ignore[arg-type]  # as each case names them


@pytest.mark.parametrize("strip", [False, True])
def test_a_zip_names_what_it_had_to_leave_out(strip: bool) -> None:
    whole, missing, broken = stored(), stored(), damaged()
    storage.delete(images.original_key(missing))
    chosen = [missing, broken, whole]

    data = b"".join(downloads.zipped(chosen, kind=Kind.ORIGINAL, strip=strip, by=whole.author))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert downloads.make(whole).name in archive.namelist()
        told = archive.read(downloads.LEFT_OUT).decode().splitlines()
        assert (downloads.make(broken).name in archive.namelist()) != strip
    assert str(missing.pk) in told
    assert (str(broken.pk) in told) == strip
    assert Download.objects.count() == (1 if strip else 2)


@pytest.mark.django_db(transaction=True)
def test_a_zip_names_what_is_deleted_for_good_while_it_is_made() -> None:
    gone, kept = stored(), stored()
    Image.objects.filter(pk=gone.pk).delete()  # Its row; its objects are read.

    data = b"".join(downloads.zipped([gone, kept], kind=Kind.ORIGINAL, strip=False, by=kept.author))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [downloads.make(kept).name, downloads.LEFT_OUT]
        assert str(gone.pk) in archive.read(downloads.LEFT_OUT).decode()
    assert Download.objects.get().image == kept


def test_a_zip_ends_before_its_end_while_the_storage_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = [stored(), stored()]
    pieces = downloads.zipped(chosen, kind=Kind.ORIGINAL, strip=False, by=chosen[0].author)
    next(pieces)

    def away(key: str) -> bytes:
        raise StorageUnavailable(key)

    monkeypatch.setattr(storage, "get", away)
    with pytest.raises(StorageUnavailable):
        b"".join(pieces)


def test_only_so_many_files_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    image = stored()
    busy: list[int] = []
    most: list[int] = []
    real = storage.get

    def slowly(key: str) -> bytes:
        busy.append(1)
        most.append(len(busy))
        waiting.wait(0.05)
        busy.pop()
        return real(key)

    waiting = threading.Event()
    monkeypatch.setattr(storage, "get", slowly)
    threads = [threading.Thread(target=downloads.make, args=[image]) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(most) == 3
