"""Which way is up, as EXIF says it: the one word of it that belongs to the picture."""

import struct

UPRIGHT = 1
TURNS = range(1, 9)
ORIENTATION = 0x0112
SHORT = 3
ORDERS = {b"MM": ">", b"II": "<"}


def turn_of(exif: bytes) -> int:
    """The orientation that it gives, from 1 to 8; upright where it gives none that can be read."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = ORDERS.get(tiff[:2], "")
    try:
        found = _find(tiff, order) if order else UPRIGHT
    except struct.error:
        return UPRIGHT
    return found if found in TURNS else UPRIGHT


def _find(tiff: bytes, order: str) -> int:
    start = struct.unpack_from(f"{order}I", tiff, 4)[0]
    count = struct.unpack_from(f"{order}H", tiff, start)[0]
    for at in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from(f"{order}HH", tiff, at) == (ORIENTATION, SHORT):
            return int(struct.unpack_from(f"{order}H", tiff, at + 8)[0])
    return UPRIGHT


def entry(turn: int) -> bytes:
    """The entry that says it, most significant byte first; nothing for what is upright."""
    if turn == UPRIGHT:
        return b""
    return struct.pack(">HHIHH", ORIENTATION, SHORT, 1, turn, 0)


def bare(exif: bytes) -> bytes:
    """EXIF that says this and nothing else; none for what is upright."""
    told = entry(turn_of(exif))
    return told and struct.pack(">2sHIH", b"MM", 42, 8, 1) + told + bytes(4)
