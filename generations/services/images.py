"""Renditions of stored images, and checking that what is recorded is there."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from generations import events, renditions, storage
from generations.errors import StorageUnavailable
from generations.models import Image, ImageStatus

RENDITION_TYPE = "image/webp"
MOST_TRIES = 5
# By then two nights have tried to delete the objects of what was deleted for good.
PURGED_BY = timedelta(days=2)


def original_key(image: Image) -> str:
    return f"{image.folder}/original.{renditions.EXTENSIONS[image.content_type]}"


def rendition_key(image: Image, name: str) -> str:
    return f"{image.folder}/{name}.webp"


def object_for(image: Image, name: str) -> tuple[str, str]:
    """Key and content type of "original" or a rendition; the original until renditions are made."""
    if name == "original" or image.renditions_at is None:
        return original_key(image), image.content_type
    return rendition_key(image, name), RENDITION_TYPE


def make_renditions(image_id: UUID) -> None:
    """Make and store an image's renditions and placeholder, once. Raises StorageUnavailable."""
    image = Image.objects.filter(
        pk=image_id, status=ImageStatus.STORED, renditions_at__isnull=True
    ).first()
    if image is None:
        return
    # Counted before the decoder runs: a picture that kills it must not be tried for ever.
    _count_try(image, 1)
    try:
        placeholder = _render(image)
    except StorageUnavailable:
        _count_try(image, -1)  # A store that is away says nothing about the picture.
        raise
    still_there = Image.objects.filter(pk=image.pk, status=ImageStatus.STORED)
    if still_there.update(placeholder=placeholder, renditions_at=Now()):
        events.changed(image.request_id)
    else:
        _take_back(image)


def _render(image: Image) -> str:
    """Store the image in every size; its placeholder. Raises StorageUnavailable."""
    data = storage.get(original_key(image))
    for name, rendition in renditions.render(data).items():
        storage.put(rendition_key(image, name), rendition, RENDITION_TYPE)
    return renditions.placeholder(data)


def _count_try(image: Image, by: int) -> None:
    Image.objects.filter(pk=image.pk).update(rendition_tries=F("rendition_tries") + by)


def _take_back(image: Image) -> None:
    """It was deleted for good meanwhile; who did that may have looked before these were there."""
    for width in renditions.WIDTHS:
        storage.delete(rendition_key(image, str(width)))


def count_stored() -> int:
    return Image.objects.filter(status=ImageStatus.STORED).count()


def check(*, progress: Callable[[int], object]) -> Iterator[str]:
    """What is missing or differs among the stored images, in words; those in the trash must be
    whole too, and of those deleted for good nothing may be left."""
    stored = Image.objects.filter(status=ImageStatus.STORED)
    for image in stored.order_by("id").iterator(chunk_size=500):
        problem = _problem(image)
        progress(1)
        if problem:
            yield f"Image {image.pk}: {problem}"
    left = Image.objects.filter(status=ImageStatus.PURGED, purged_at__lt=Now() - PURGED_BY)
    for image in left.exclude(folder="").order_by("id"):
        yield f"Image {image.pk}: it was deleted for good, and its objects are still there"


def _problem(image: Image) -> str:
    try:
        data = storage.get(original_key(image))
        if image.renditions_at:
            for width in renditions.WIDTHS:
                storage.get(rendition_key(image, str(width)))
    except FileNotFoundError:
        return "an object is missing"
    except StorageUnavailable as error:
        return str(error)
    differs = hashlib.sha256(data).hexdigest() != image.digest
    return "the original differs from its recorded digest" if differs else ""
