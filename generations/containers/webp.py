"""WebP: a RIFF file. Once there are other chunks than the picture, the first tells which."""

import struct
from collections.abc import Iterator

from generations.containers import exif
from generations.containers.marks import Marks

CREDENTIAL = b"C2PA"
EXTENDED, SIMPLE, LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"
LOOKS = {EXTENDED, SIMPLE, LOSSLESS, b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
HAS_ALPHA, HAS_EXIF, HAS_XMP = 0x10, 0x08, 0x04
ALPHA_IS_USED = 1 << 28
SIDE = 0x3FFF

Chunks = list[tuple[bytes, bytes]]


def has_credential(data: bytes) -> bool:
    return any(kind == CREDENTIAL for kind, _ in _chunks(data))


def stripped(data: bytes) -> bytes:
    chunks = list(_chunks(data))
    kept = [(kind, body) for kind, body in chunks if kind in LOOKS]
    if kept[0][0] != EXTENDED:
        return _file(kept)
    turned = exif.bare(dict(chunks).get(b"EXIF", b""))
    told = _told(kept, HAS_EXIF if turned else 0)
    return _file([*told, (b"EXIF", turned)] if turned else told)


def marked(data: bytes, marks: Marks) -> bytes:
    kept = [(kind, body) for kind, body in _chunks(data) if kind not in {b"EXIF", b"XMP "}]
    if kept[0][0] != EXTENDED:
        kept.insert(0, (EXTENDED, _header(*kept[0])))
    told = _told(kept, HAS_EXIF | HAS_XMP)
    return _file([*told, (b"EXIF", marks.exif), (b"XMP ", marks.xmp)])


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise ValueError("The file is shorter than it says.")
    at = 12
    while at < end:
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _header(kind: bytes, body: bytes) -> bytes:
    """The first chunk of a file that had none: flags, and the size of the picture less one."""
    if kind == LOSSLESS:
        bits = struct.unpack_from("<I", body, 1)[0]
        width, height = bits & SIDE, bits >> 14 & SIDE
        alpha = HAS_ALPHA if bits & ALPHA_IS_USED else 0
    else:
        width, height = ((side & SIDE) - 1 for side in struct.unpack_from("<HH", body, 6))
        alpha = 0
    sides = [int(side).to_bytes(3, "little") for side in (width, height)]
    return struct.pack("<I", alpha) + b"".join(sides)


def _told(chunks: Chunks, about: int) -> Chunks:
    """With the flags of the first chunk set to these two kinds of metadata."""
    (kind, body), *rest = chunks
    flags = body[0] & ~(HAS_EXIF | HAS_XMP) | about
    return [(kind, bytes([flags]) + body[1:]), *rest]


def _file(chunks: Chunks) -> bytes:
    whole = b"WEBP" + b"".join(
        struct.pack("<4sI", kind, len(body)) + body + b"\0" * (len(body) % 2)
        for kind, body in chunks
    )
    return b"RIFF" + struct.pack("<I", len(whole)) + whole
