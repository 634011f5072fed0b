"""The sandbox's pictures, drawn from a digest alone, so that no file is ever stored."""

import hashlib
import io
import math
from collections.abc import Callable
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw, ImageFont

from generations.sandbox import abstracts, landscapes
from generations.sandbox.painting import Size, grained
from generations.sandbox.palettes import PALETTES, Palette

BLACK = "0" * 64  # the digest of what a safety checker leaves of a picture
LONGEST_SIDE = 4096
CANVAS = 1024 * 768
CANVAS_SHORTEST_SIDE = 96
GRAIN = 4
MARK = "Sandbox"
FORMATS = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}

Family = Callable[[Random, Size, Palette], Image.Image]
FAMILIES: tuple[Family, ...] = (
    landscapes.mountains,
    landscapes.meadow,
    landscapes.aurora,
    landscapes.sea,
    abstracts.ink,
    abstracts.strata,
    abstracts.spheres,
    abstracts.paper,
)


def digest_of(*, model: str, prompt: str, seed: int, index: int) -> str:
    words = "\0".join((model, prompt, str(seed), str(index)))
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


def draw(digest: str, size: Size) -> Image.Image:
    """The digest's picture: the same every time, whatever else was drawn."""
    if digest == BLACK:
        return Image.new("RGB", size)
    rng = Random(digest)  # noqa: S311 - a picture, not a secret
    family, palette = rng.choice(FAMILIES), rng.choice(PALETTES)
    picture = family(rng, _canvas(size), palette)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    picture = grained(rng, picture, GRAIN)
    _sign(picture)
    return picture


@lru_cache(maxsize=24)
def encoded(digest: str, size: Size, extension: str) -> bytes:
    """The picture as a file; the last few are kept, because browsers and tests ask again."""
    file = io.BytesIO()
    picture = draw(digest, size)
    match extension:
        case "png":
            picture.save(file, "PNG", compress_level=1)
        case "webp":
            picture.save(file, "WEBP", quality=88, method=1)
        case _:
            picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def _canvas(size: Size) -> Size:
    """A size of the same shape and always the same area, so that the time to draw is bounded."""
    scale = math.sqrt(CANVAS / (size[0] * size[1]))
    width, height = (max(CANVAS_SHORTEST_SIDE, round(side * scale)) for side in size)
    return min(width, LONGEST_SIDE), min(height, LONGEST_SIDE)


def _sign(picture: Image.Image) -> None:
    """The mark in the corner, so that nobody takes the picture for a model's."""
    text = max(11, round(min(picture.size) * 0.024))
    font = ImageFont.load_default(text)
    left, top, right, bottom = font.getbbox(MARK)
    pad = text * 0.55
    pill = (round(right - left + pad * 2.4), round(text + pad * 1.5))
    corner = (picture.width - pill[0] - text, picture.height - pill[1] - text)
    tile = Image.new("L", (pill[0] * 2, pill[1] * 2))
    ImageDraw.Draw(tile).rounded_rectangle((0, 0, *tile.size), tile.height / 2, fill=84)
    picture.paste((12, 12, 16), (*corner, corner[0] + pill[0], corner[1] + pill[1]), tile.reduce(2))
    words = Image.new("L", pill)
    centre = (pill[0] / 2 - (left + right) / 2, pill[1] / 2 - (top + bottom) / 2)
    ImageDraw.Draw(words).text(centre, MARK, fill=225, font=font)
    picture.paste((255, 255, 255), (*corner, corner[0] + pill[0], corner[1] + pill[1]), words)
