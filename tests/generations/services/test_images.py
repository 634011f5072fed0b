import io

import pytest
from django.conf import settings
from PIL import Image as Picture

from generations import storage
from generations.errors import StorageUnavailable, UnusableImage
from generations.models import Image
from generations.services import images
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def image() -> Image:
    return factories.stored_image(data=factories.picture((1600, 900)))


def problems() -> list[str]:
    return list(images.check(progress=lambda _: None))


def test_renditions_are_stored_beside_the_original(image: Image) -> None:
    images.make_renditions(image.pk)
    image.refresh_from_db()
    assert image.renditions_at is not None
    for width in (320, 640, 1280):
        key, content_type = images.object_for(image, str(width))
        assert key == f"{image.folder}/{width}.webp"
        assert content_type == "image/webp"
        with Picture.open(io.BytesIO(storage.get(key))) as made:
            assert made.width == width
    assert image.placeholder.startswith("data:image/webp;base64,")


def test_renditions_are_made_once(image: Image) -> None:
    images.make_renditions(image.pk)
    image.refresh_from_db()
    first = image.renditions_at
    images.make_renditions(image.pk)
    image.refresh_from_db()
    assert image.renditions_at == first


@pytest.mark.parametrize("name", ["320", "640", "1280", "original"])
def test_until_renditions_are_made_the_original_stands_in(image: Image, name: str) -> None:
    assert images.object_for(image, name) == (images.original_key(image), "image/png")


def test_an_image_that_is_not_stored_gets_no_renditions(image: Image) -> None:
    Image.objects.filter(pk=image.pk).update(status="lost", stored_at=None)
    images.make_renditions(image.pk)
    image.refresh_from_db()
    assert image.renditions_at is None


def test_a_picture_that_cannot_be_rendered_is_tried_a_few_times(image: Image) -> None:
    key = images.original_key(image)
    storage.put(key, b"no picture", "image/png")
    for _ in range(2):
        with pytest.raises(UnusableImage):
            images.make_renditions(image.pk)
    image.refresh_from_db()
    assert (image.rendition_tries, image.renditions_at) == (2, None)


def test_a_store_that_is_away_costs_a_picture_none_of_its_tries(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as away:
        away.setattr(storage, "put", refuse)
        for _ in range(images.MOST_TRIES + 1):
            with pytest.raises(StorageUnavailable):
                images.make_renditions(image.pk)
    image.refresh_from_db()
    assert image.rendition_tries == 0
    images.make_renditions(image.pk)
    image.refresh_from_db()
    assert image.renditions_at is not None


def test_a_picture_whose_original_is_gone_is_tried_a_few_times(image: Image) -> None:
    storage.delete(images.original_key(image))
    with pytest.raises(FileNotFoundError):
        images.make_renditions(image.pk)
    image.refresh_from_db()
    assert image.rendition_tries == 1


def test_images_that_are_all_there_pass_the_check(image: Image) -> None:
    images.make_renditions(image.pk)
    assert problems() == []


@pytest.mark.parametrize("name", ["original.png", "320.webp", "1280.webp"])
def test_a_missing_object_is_said(image: Image, name: str) -> None:
    images.make_renditions(image.pk)
    storage.delete(f"{image.folder}/{name}")
    assert problems() == [f"Image {image.pk}: an object is missing"]


def test_an_original_that_was_changed_is_said(image: Image) -> None:
    storage.put(images.original_key(image), b"something else", "image/png")
    assert problems() == [f"Image {image.pk}: the original differs from its recorded digest"]


def test_a_store_that_cannot_be_read_is_said(image: Image) -> None:
    original = settings.MEDIA_ROOT / images.original_key(image)
    original.unlink()
    original.mkdir()
    (problem,) = problems()
    assert problem.startswith(f"Image {image.pk}: ")


def test_the_check_tells_its_progress(image: Image) -> None:
    steps: list[int] = []
    list(images.check(progress=steps.append))
    assert sum(steps) == images.count_stored() == 1
