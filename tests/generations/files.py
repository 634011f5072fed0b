"""Picture files for tests: with noise, with credentials, and as exiftool reads them."""

import io
import json
import struct
import subprocess
import zlib
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

KINDS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
# A JUMBF box that describes itself as a C2PA manifest store, which is all that finding one takes.
TYPE = bytes.fromhex("63327061 0011 0010 8000 00AA00389B71")
STORE = struct.pack(">I4sI4s", 38, b"jumb", 30, b"jumd") + TYPE + b"\x03c2pa\0"


def noise(content_type: str, mode: str = "RGB", **options: Any) -> bytes:
    """A small picture of which every pixel differs from those around it."""
    out = io.BytesIO()
    shades = Random(7).randbytes(65 * 49 * 4)  # noqa: S311 - the same ones each time
    Image.frombytes("RGBA", (65, 49), shades).convert(mode).save(
        out, KINDS[content_type], **options
    )
    return out.getvalue()


def credentialed(content_type: str) -> bytes:
    """A picture with a C2PA manifest store where its format keeps one."""
    data = noise(content_type)
    if content_type == "image/png":
        check = struct.pack(">I", zlib.crc32(b"caBX" + STORE))
        chunk = struct.pack(">I4s", len(STORE), b"caBX") + STORE + check
        return data[:33] + chunk + data[33:]
    if content_type == "image/jpeg":
        body = b"JP\0\1\0\0\0\1" + STORE
        return data[:2] + struct.pack(">HH", 0xFFEB, len(body) + 2) + body + data[2:]
    chunk = struct.pack("<4sI", b"C2PA", len(STORE)) + STORE + b"\0" * (len(STORE) % 2)
    return data[:4] + struct.pack("<I", len(data) - 8 + len(chunk)) + data[8:] + chunk


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGBA").tobytes()


def exiftool(data: bytes, folder: Path) -> dict[str, Any]:
    """What a reader that we did not write finds in the file, without what it computes itself."""
    path = folder / "picture"
    path.write_bytes(data)
    said = subprocess.run(
        ["exiftool", "-json", "-G0", "-a", path], capture_output=True, text=True, check=True
    )
    [found] = json.loads(said.stdout)
    return {name: value for name, value in found.items() if ":" in name}
