"""PNG: chunks of length, type, data and check sum."""

import struct
import zlib
from collections.abc import Iterator

from generations.containers import exif
from generations.containers.marks import Marks

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What a picture looks like, beside the critical chunks, whose names begin with a capital.
LOOKS = {
    *(b"acTL", b"bKGD", b"cHRM", b"cICP", b"cLLI", b"fcTL", b"fdAT", b"gAMA"),
    *(b"iCCP", b"mDCV", b"pHYs", b"sBIT", b"sRGB", b"tRNS"),
}
TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
CREDENTIAL = b"caBX"
PARAMETERS = b"parameters"
RECIPE = b"darkroom"
XMP = b"XML:com.adobe.xmp"


def has_credential(data: bytes) -> bool:
    return any(kind == CREDENTIAL for kind, _ in _chunks(data))


def stripped(data: bytes) -> bytes:
    return SIGNATURE + b"".join(_bare(kind, chunk) for kind, chunk in _chunks(data))


def marked(data: bytes, marks: Marks) -> bytes:
    header, *rest = [chunk for kind, chunk in _chunks(data) if not _is_ours(kind, chunk)]
    recipe = _international(RECIPE, marks.recipe.encode()) if marks.recipe else b""
    ours = _text(marks.text) + recipe + _international(XMP, marks.xmp)
    return SIGNATURE + header + ours + b"".join(rest)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError("A chunk is longer than the file.")
        yield kind, data[at:end]
        at = end


def _bare(kind: bytes, chunk: bytes) -> bytes:
    if kind == b"eXIf":
        turned = exif.bare(chunk[8:-4])
        return turned and _chunk(kind, turned)
    return chunk if kind[:1].isupper() or kind in LOOKS else b""


def _is_ours(kind: bytes, chunk: bytes) -> bool:
    keyword = chunk[8:].partition(b"\0")[0]
    return kind in TEXTS and keyword in {PARAMETERS, RECIPE, XMP}


def _text(text: str) -> bytes:
    """As Stable Diffusion's web UI writes it: Latin-1 where that will do, else UTF-8."""
    try:
        return _chunk(b"tEXt", PARAMETERS + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return _international(PARAMETERS, text.encode())


def _international(keyword: bytes, text: bytes) -> bytes:
    # Not compressed, in no language, and not translated.
    return _chunk(b"iTXt", keyword + b"\0\0\0\0\0" + text)


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", check)
