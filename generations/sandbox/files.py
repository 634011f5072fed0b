"""The pictures' addresses, and the downloads, good and bad."""

import asyncio
import re
import struct
import zlib
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from generations.sandbox.connections import Cut, dripping, padded
from generations.sandbox.faults import Fault, Rule
from generations.sandbox.painting import Size
from generations.sandbox.pictures import FORMATS, LONGEST_SIDE, encoded
from generations.sandbox.problems import Problem
from generations.sandbox.state import sandbox_of

NAME = re.compile(r"(?P<digest>[0-9a-f]{64})-(?P<width>\d{1,4})x(?P<height>\d{1,4})\.(?P<kind>\w+)")
HTML = "<!DOCTYPE html>\n<html><body>This is not the picture you are looking for.</body></html>\n"
BOMB_SIDE = 20_000


def path_of(digest: str, size: Size, extension: str) -> str:
    return f"files/{digest}-{size[0]}x{size[1]}.{extension}"


async def serve(request: Request) -> Response:
    name = NAME.fullmatch(request.path_params["name"])
    size = (int(name["width"]), int(name["height"])) if name else (0, 0)
    if name is None or name["kind"] not in FORMATS or not all(0 < s <= LONGEST_SIDE for s in size):
        return Response("Not found", 404, media_type="text/plain")
    data = await asyncio.to_thread(encoded, name["digest"], size, name["kind"])
    good = Response(data, media_type=FORMATS[name["kind"]])
    rule = sandbox_of(request).faults.at_file(name["digest"])
    return STRUCK[rule.fault](good, rule)


def _refused(good: Response, rule: Rule) -> Response:
    return Problem(status=rule.status, envelope="html").response(path="", request_id="")


def _oversized(good: Response, rule: Rule) -> Response:
    start, media_type = bytes(good.body), str(good.media_type)
    return padded(start, size=rule.size, declared=rule.declared, media_type=media_type)


STRUCK: Mapping[Fault, Callable[[Response, Rule], Response]] = {
    Fault.NONE: lambda good, rule: good,
    Fault.FILE_STATUS: _refused,
    Fault.FILE_DROP: lambda good, rule: Cut(),
    Fault.FILE_SLOW: lambda good, rule: dripping(good, rule.rate),
    Fault.FILE_TRUNCATED: lambda good, rule: Cut(good),
    Fault.FILE_TYPE: lambda good, rule: Response(good.body, media_type=rule.content_type),
    Fault.FILE_HTML: lambda good, rule: Response(HTML, media_type="text/html"),
    Fault.FILE_REDIRECT: lambda good, rule: RedirectResponse(rule.location, 302),
    Fault.FILE_OVERSIZED: _oversized,
    Fault.FILE_BOMB: lambda good, rule: Response(_bomb(), media_type="image/png"),
}


def _bomb() -> bytes:
    """A PNG of some 50 KB that unpacks to 400 megapixels of black."""
    row = bytes(1 + BOMB_SIDE // 8)  # the filter's byte, then one bit per pixel
    packer = zlib.compressobj(9)
    rows = [packer.compress(row) for _ in range(BOMB_SIDE)]
    header = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 1, 0, 0, 0, 0)
    pixels = b"".join(rows) + packer.flush()
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)
