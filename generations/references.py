"""Reference images: what a person may hand to a model, as an https address or a data URI.

Bytes are read by Pillow's header parser before anything is decoded.
"""

import base64
import binascii
import io
import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 10_000_000
MAX_PIXELS = 40_000_000
MEGAPIXEL = 1024 * 1024
MOST_MEGAPIXELS = 4  # providers shrink anything bigger before they bill it, and work from that
MAX_ADDRESS = 2048
DATA_URI = re.compile(r"data:image/(?:jpeg|png|webp);base64,", re.ASCII)


class BadReference(ValueError):
    """The reference cannot be used; the text says why, in the user's words."""


def from_upload(data: bytes) -> str:
    """The picture as a data URI without its metadata, upright, in at most one megapixel.

    Providers bill a reference by the megapixel begun, and one megapixel is the least.
    """
    with _open(data) as image:
        # Asks the JPEG decoder for a smaller picture; other formats ignore it.
        image.draft("RGB", (2048, 2048))
        try:
            upright = ImageOps.exif_transpose(image)
        except (OSError, SyntaxError, ValueError) as error:
            raise BadReference("This picture is damaged and cannot be read.") from error
    flat = on_white(upright)
    flat.thumbnail(_one_megapixel(*flat.size))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=92)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")


@cache
def an_upload() -> str:
    """Stands for any upload where only the price counts: each is billed as one megapixel."""
    out = io.BytesIO()
    Image.new("RGB", (1, 1)).save(out, "PNG")
    return from_upload(out.getvalue())


def named_in(params: Mapping[str, object]) -> list[str]:
    """The references among a model's parameters, one or several, always as a list."""
    value = params.get("image_urls", params.get("image_url", []))
    return [str(image) for image in (value if isinstance(value, list) else [value])]


def check(reference: str) -> str:
    """The reference as it may be sent; raises BadReference.

    AIML API documents data URIs for the FLUX.2 edit models alone; the other schemas ask for a
    URI, which they are.
    """
    if reference.startswith("data:"):
        size(reference)
        return reference
    if not is_https(reference):
        raise BadReference("A reference image must be an https address or an uploaded picture.")
    return reference


def size(reference: str) -> tuple[int, int] | None:
    """Width and height of a data URI's picture; None for an address, which is not fetched."""
    found = DATA_URI.match(reference)
    if not found:
        if reference.startswith("data:"):
            raise BadReference("A reference image must be a JPEG, PNG or WebP picture.")
        return None
    try:
        data = base64.b64decode(reference[found.end() :], validate=True)
    except binascii.Error as error:
        raise BadReference("The reference image is not valid Base64.") from error
    with _open(data) as image:
        return image.size


def picture(reference: str) -> bytes | None:
    """The bytes of a data URI; None for an address, which is not fetched."""
    found = DATA_URI.match(reference)
    return base64.b64decode(reference[found.end() :]) if found else None


def is_https(address: str) -> bool:
    if len(address) > MAX_ADDRESS or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _open(data: bytes) -> Image.Image:
    if len(data) > MAX_BYTES:
        raise BadReference("A reference image may have at most 10 MB.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        pixels = image.width * image.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = MAX_PIXELS + 1
    except (OSError, SyntaxError, ValueError) as error:
        raise BadReference("A reference image must be a JPEG, PNG or WebP picture.") from error
    if pixels > MAX_PIXELS:
        raise BadReference("A reference image may have at most 40 megapixels.")
    return image


def on_white(image: Image.Image) -> Image.Image:
    """JPEG has no transparency; without a ground, clear parts would turn black."""
    image = eight_bits(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


def eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 65,536 greys in 256, before Pillow cuts off all that is brighter."""
    if not image.mode.startswith("I"):
        return image
    grey = image.point(lambda shade: shade / 257).convert("L")
    if "transparency" in grey.info:
        grey.info["transparency"] //= 257
    return grey


def _one_megapixel(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, (MEGAPIXEL / (width * height)) ** 0.5)
    return max(1, int(width * scale)), max(1, int(height * scale))
