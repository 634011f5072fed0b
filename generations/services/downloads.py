"""Images as files that people take away: marked with how they were made, or with nothing beside."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection
from zipstream import ZipStream

from accounts.models import User
from generations import containers, provenance, recipes, references, renditions, storage
from generations.models import Download, Image, ShareLink
from generations.provenance import Origin
from generations.services import images

# A picture of the largest size takes a few hundred megabytes while it is converted.
_places = threading.BoundedSemaphore(3)


class Kind(StrEnum):
    ORIGINAL = "original"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content_type: str
    data: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def make(image: Image, *, kind: Kind = Kind.ORIGINAL, strip: bool = False) -> File:
    """The file of an image as it is given out.

    Raises FileNotFoundError, StorageUnavailable, and UnusableImage where the file is damaged.
    """
    content_type = image.content_type if kind is Kind.ORIGINAL else f"image/{kind}"
    with _places:
        data = storage.get(images.original_key(image))
        if content_type != image.content_type:
            data = renditions.convert(data, content_type)
        if strip:
            data = containers.stripped(data, content_type)
        else:
            data = provenance.mark(data, content_type, origin(image))
    name = f"darkroom-{image.pk}.{renditions.EXTENSIONS[content_type]}"
    return File(name, content_type, data)


def shown(image: Image, name: str) -> File:
    """A rendition, or the original until there is one, with nothing beside the picture.

    Raises what `make` raises.
    """
    key, content_type = images.object_for(image, name)
    return File(name, content_type, containers.stripped(storage.get(key), content_type))


def reference(image: Image) -> str:
    """The image as a reference that goes to a provider. Raises what `make` raises."""
    with _places:
        data = storage.get(images.original_key(image))
        if len(data) > references.MAX_BYTES:
            data = renditions.convert(data, "image/jpeg")
        return references.from_upload(data)


def origin(image: Image) -> Origin:
    """How an image was made, as its files say it."""
    return Origin(
        prompt=image.request.prompt,
        model=image.request.model,
        params=image.request.params,
        seed=image.seed,
        width=image.width,
        height=image.height,
        recipe=recipes.write(recipes.of(image)),
    )


def record(
    file: File, *, image: Image, by: User | None = None, link: ShareLink | None = None
) -> Download:
    """Write down that this file was given out."""
    return Download.objects.create(
        image=image, by=by, link=link, content_type=file.content_type, digest=file.digest
    )


def zipped(chosen: Iterable[Image], *, kind: Kind, strip: bool, by: User) -> Iterator[bytes]:
    """The files of these images as one zip, made while it is read; each is recorded.

    One that cannot be read ends the zip before its end, so that it is not taken for whole.
    """
    archive = ZipStream()
    for image in chosen:
        if not connection.in_atomic_block:
            connection.close()  # Back to the pool: a reader may be slow.
        file = make(image, kind=kind, strip=strip)
        record(file, image=image, by=by)
        archive.add(file.data, file.name)
        yield from archive.all_files()
    yield from archive.finalize()
