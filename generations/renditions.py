"""Facts about an image's bytes, its renditions and its placeholder: pure functions over bytes."""

import base64
import io
import warnings
from dataclasses import dataclass

from PIL import Image

from generations.containers import exif
from generations.errors import UnusableImage
from generations.references import eight_bits, on_white

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
KINDS = {content_type: kind for kind, content_type in FORMATS.items()}
# Whose colour profile still fits once they are red, green and blue.
RGB_MODES = {"RGB", "RGBA", "P"}
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
WIDTHS = (320, 640, 1280)
QUALITY = 78
# Of what people take away, which they may work on.
FINE = {"image/jpeg": 92, "image/webp": 90}
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 16_384
PLACEHOLDER_SIDE = 16
PLACEHOLDER_LENGTH = 200
# A picture of the safety filter is one flat colour, which compresses far below any real one.
BLANK_PIXELS_A_BYTE = 20
DARKEST = 2  # JPEG's black is not always 0.
# What EXIF's orientations ask for, and those that exchange the sides.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_ITS_SIDE = {5, 6, 7, 8}

BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Facts:
    content_type: str
    width: int
    height: int

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.content_type]


def inspect(data: bytes) -> Facts:
    """What the bytes are, from their header alone; the sides are those of the upright picture.

    Raises UnusableImage.
    """
    with _open(data) as image:
        sides = image.size[::-1] if _turn(image) in ON_ITS_SIDE else image.size
        return Facts(FORMATS[str(image.format)], *sides)


def turn_of(data: bytes) -> int:
    """How the picture lies, as EXIF counts it from 1. Raises UnusableImage."""
    with _open(data) as image:
        return _turn(image)


def is_blank(data: bytes) -> bool:
    """Whether the picture is all black, as a safety filter leaves it. Raises UnusableImage."""
    with _open(data) as image:
        if image.width * image.height < BLANK_PIXELS_A_BYTE * len(data):
            return False
        _, brightest = _decoded(image).convert("L").getextrema()
        return int(str(brightest)) <= DARKEST


def render(data: bytes) -> dict[str, bytes]:
    """The WebP renditions by name ("320", …); none is wider than the original."""
    with _open(data) as image:
        flat = _upright(image).convert("RGBA" if "A" in image.getbands() else "RGB")
        return {
            str(width): _webp(_fit(flat, min(width, flat.width)), quality=QUALITY)
            for width in WIDTHS
        }


def thumbnail(data: bytes) -> bytes:
    """The smallest rendition alone. Raises UnusableImage."""
    with _open(data) as image:
        flat = _upright(image).convert("RGB")
        return _webp(_fit(flat, min(WIDTHS[0], flat.width)), quality=QUALITY)


def convert(data: bytes, content_type: str) -> bytes:
    """The whole picture in another format, upright, with nothing beside it but its colours."""
    with _open(data) as image:
        profile = image.info.get("icc_profile") if image.mode in RGB_MODES else None
        upright = _upright(image)
    if content_type == "image/jpeg":
        flat = on_white(upright)
    else:
        flat = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    flat.info.clear()
    options = {"quality": FINE[content_type]} if content_type in FINE else {}
    buffer = io.BytesIO()
    flat.save(buffer, KINDS[content_type], icc_profile=profile, **options)
    return buffer.getvalue()


def placeholder(data: bytes) -> str:
    """A data URI of under 200 bytes to show until the picture arrives."""
    with _open(data) as image:
        small = _upright(image).convert("RGB")
        small.thumbnail((PLACEHOLDER_SIDE, PLACEHOLDER_SIDE))
    for quality in (25, 10, 1):
        encoded = base64.b64encode(_webp(small, quality=quality)).decode()
        uri = f"data:image/webp;base64,{encoded}"
        if len(uri) < PLACEHOLDER_LENGTH:
            return uri
    small.thumbnail((PLACEHOLDER_SIDE // 2, PLACEHOLDER_SIDE // 2))
    return "data:image/webp;base64," + base64.b64encode(_webp(small, quality=1)).decode()


def _open(data: bytes) -> Image.Image:
    try:
        # Only these decoders: Pillow's others are where its holes have been.
        image = Image.open(io.BytesIO(data), formats=tuple(FORMATS))
    except (OSError, ValueError, *BOMBS) as e:
        raise UnusableImage("The bytes are not a PNG, JPEG or WebP image that can be kept.") from e
    if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
        raise UnusableImage(f"An image of {image.width} × {image.height} is too large to keep.")
    return image


def _decoded(image: Image.Image) -> Image.Image:
    """The image with its pixels read, which a whole header does not promise, in eight bits."""
    try:
        image.load()
    except (EOFError, OSError, SyntaxError, ValueError) as error:
        raise UnusableImage("The image's pixels cannot be read.") from error
    return eight_bits(image)


def _upright(image: Image.Image) -> Image.Image:
    """The image with its pixels read and turned as its EXIF says."""
    turn = TURNS.get(_turn(image))
    decoded = _decoded(image)
    return decoded if turn is None else decoded.transpose(turn)


def _turn(image: Image.Image) -> int:
    # Not `getexif`: of a PNG it would decode all to look behind the pixels.
    return exif.turn_of(image.info.get("exif", b""))


def _fit(image: Image.Image, width: int) -> Image.Image:
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _webp(image: Image.Image, *, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()
