"""Tells what a picture is from its first bytes and that it is whole; nothing is decoded here."""

import io

from PIL import Image

from generations.providers.base import Download
from generations.providers.errors import DownloadError

MAX_PIXELS = 64_000_000  # no model makes a tenth; a few hundred bytes can claim billions

_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with a preview behind it
    "PNG": "image/png",
    "WEBP": "image/webp",
}
_FORMATS = ("JPEG", "PNG", "WEBP")
_NOT_READABLE = (
    OSError,
    SyntaxError,
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def read(data: bytes) -> Download:
    """The bytes with their true type and size, whatever a header said. Raises DownloadError."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            width, height = picture.size
            name = picture.format or ""
    except _NOT_READABLE:
        raise DownloadError("The result is not a PNG, JPEG or WebP picture.") from None
    if width * height > MAX_PIXELS:
        raise DownloadError(f"The picture has more than {MAX_PIXELS} pixels.")
    if not _is_whole(data, name):
        raise DownloadError("The picture is cut short.")
    return Download(data, _TYPES[name], width, height)


def _is_whole(data: bytes, name: str) -> bool:
    """Whether the end mark is there: without a length, a broken connection looks like an end."""
    if name == "PNG":
        return b"IEND" in data[len(data) // 2 :]
    if name == "WEBP":
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    return b"\xff\xd9" in data[len(data) // 2 :]
