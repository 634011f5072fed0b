"""JPEG: segments that begin with a marker, and between some of them the compressed picture."""

import re
import struct
from collections.abc import Iterator

from generations.containers import exif
from generations.containers.marks import Marks

MARK = 0xFF
START, END, SCAN = 0xD8, 0xD9, 0xDA
APP0, APP1, APP2, APP11, APP14, APP15, COMMENT = 0xE0, 0xE1, 0xE2, 0xEB, 0xEE, 0xEF, 0xFE
PICTURE = 0  # Not a marker: the compressed picture itself.
# In the picture 0xFF is followed by 0, or is a restart marker; fill bytes belong to what follows.
NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
COLOURS = b"ICC_PROFILE\0"


def has_credential(data: bytes) -> bool:
    return any(kind == APP11 and b"c2pa" in segment for kind, segment in _segments(data))


def stripped(data: bytes) -> bytes:
    return b"".join(_bare(kind, segment) for kind, segment in _segments(data))


def marked(data: bytes, marks: Marks) -> bytes:
    kept = [one for one in _segments(data) if not _is_ours(*one)]
    # Right after the start, where a JFIF header may stand first.
    at = 2 if kept[1][0] == APP0 else 1
    ours = _segment(EXIF + marks.exif) + _segment(XMP + marks.xmp)
    before, after = kept[:at], kept[at:]
    return b"".join([*(s for _, s in before), ours, *(s for _, s in after)])


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    kind = START
    while kind != END:
        if data[at] != MARK:
            raise ValueError("A marker was expected.")
        while data[at + 1] == MARK:
            at += 1  # A marker may be preceded by any number of fill bytes.
        kind = data[at + 1]
        length = 0 if kind in {START, END} else struct.unpack_from(">H", data, at + 2)[0]
        end = at + 2 + length
        yield kind, data[at:end]
        at = end
        if kind == SCAN:
            found = NEXT_MARKER.search(data, at)
            # A picture whose end was cut off is shown by every viewer.
            at = found.start() if found else len(data)
            yield PICTURE, data[end:at]
            kind = kind if found else END


def _bare(kind: int, segment: bytes) -> bytes:
    if kind == APP1 and segment[4:].startswith(EXIF):
        turned = exif.bare(segment[4 + len(EXIF) :])
        return turned and _segment(EXIF + turned)
    return segment if _is_picture(kind, segment) else b""


def _is_picture(kind: int, segment: bytes) -> bool:
    if kind == APP2:
        return segment[4:].startswith(COLOURS)
    return kind in {PICTURE, APP0, APP14} or not (APP0 <= kind <= APP15 or kind == COMMENT)


def _is_ours(kind: int, segment: bytes) -> bool:
    return kind == APP1 and segment[4:].startswith((EXIF, XMP, MORE_XMP))


def _segment(body: bytes) -> bytes:
    return struct.pack(">BBH", MARK, APP1, len(body) + 2) + body
