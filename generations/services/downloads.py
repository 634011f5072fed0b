"""Images as files that people take away: marked with how they were made, or with nothing beside."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db import IntegrityError, connection
from zipstream import ZipStream

from accounts.models import User
from generations import containers, provenance, recipes, references, renditions, storage
from generations.errors import UnusableImage
from generations.models import Download, Image, ShareLink
from generations.provenance import Origin
from generations.services import images

# A picture of the largest size takes a few hundred megabytes while it is converted.
_places = threading.BoundedSemaphore(3)

LEFT_OUT = "not-in-this-zip.txt"
LEFT_OUT_WORDS = (
    "These images are not in this zip: their files are missing, or too damaged to be changed.\n"
    "A damaged file is given out as it is under Original, unless Without metadata is ticked."
)


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
    """The file of an image as it is given out; a damaged original as it is.

    Raises FileNotFoundError, StorageUnavailable, and UnusableImage where what was asked for cannot
    be made of a damaged file.
    """
    content_type = image.content_type if kind is Kind.ORIGINAL else f"image/{kind}"
    with _places:
        data = storage.get(images.original_key(image))
        if content_type != image.content_type:
            data = renditions.convert(data, content_type)
        if strip:
            data = containers.stripped(data, content_type)
        else:
            data = _marked(data, content_type, image, anyhow=content_type == image.content_type)
    name = f"darkroom-{image.pk}.{renditions.EXTENSIONS[content_type]}"
    return File(name, content_type, data)


def _marked(data: bytes, content_type: str, image: Image, *, anyhow: bool) -> bytes:
    try:
        return provenance.mark(data, content_type, origin(image))
    except UnusableImage:
        if anyhow:
            return data
        raise


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
    recipe = recipes.of(image)
    return Origin(
        prompt=image.request.prompt,
        model=image.request.model,
        params=image.request.params,
        seed=recipe.seed,
        width=image.width,
        height=image.height,
        recipe=recipes.write(recipe),
    )


def record(
    file: File, *, image: Image, by: User | None = None, link: ShareLink | None = None
) -> Download:
    """Write down that this file is given out.

    Raises FileNotFoundError where the image was deleted for good since it was looked for.
    """
    try:
        return Download.objects.create(
            image=image, by=by, link=link, content_type=file.content_type, digest=file.digest
        )
    except IntegrityError as error:
        raise FileNotFoundError(file.name) from error


def zipped(chosen: Iterable[Image], *, kind: Kind, strip: bool, by: User) -> Iterator[bytes]:
    """The files of these images as one zip, made while it is read; each is recorded.

    Those that are damaged or missing are left out and named in a text file. A storage that is away
    ends the zip before its end, so that it is not taken for whole.
    """
    archive = ZipStream()
    left_out: list[Image] = []
    for image in chosen:
        if not connection.in_atomic_block:
            connection.close()  # Back to the pool: a reader may be slow.
        try:
            file = make(image, kind=kind, strip=strip)
            record(file, image=image, by=by)
        except (FileNotFoundError, UnusableImage):
            left_out.append(image)
            continue
        archive.add(file.data, file.name)
        yield from archive.all_files()
    if left_out:
        archive.add(_told(left_out).encode(), LEFT_OUT)
    yield from archive.finalize()


def _told(left_out: Iterable[Image]) -> str:
    names = "".join(f"{image.pk}\n" for image in left_out)
    return f"{LEFT_OUT_WORDS}\n\n{names}"
