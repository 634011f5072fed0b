import hashlib
import io
from collections.abc import Callable
from random import Random

import pytest
from PIL import Image, ImageChops

from generations.sandbox import pictures
from generations.sandbox.palettes import PALETTES


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_the_digest_tells_model_prompt_seed_and_index_apart() -> None:
    orders = [
        ("flux/dev", "A fox", 1, 0),
        ("flux-pro", "A fox", 1, 0),
        ("flux/dev", "An owl", 1, 0),
    ]
    orders += [("flux/dev", "A fox", 2, 0), ("flux/dev", "A fox", 1, 1)]
    digests = {
        pictures.digest_of(model=model, prompt=prompt, seed=seed, index=index)
        for model, prompt, seed, index in orders
    }
    assert len(digests) == 5


@pytest.mark.parametrize("extension", ["jpeg", "png", "webp"])
def test_a_picture_is_the_same_bytes_every_time(extension: str) -> None:
    draw: Callable[..., bytes] = pictures.encoded.__wrapped__
    first = draw(digest(1), (320, 256), extension)
    draw(digest(2), (320, 256), extension)
    assert draw(digest(1), (320, 256), extension) == first


@pytest.mark.parametrize("extension", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("size", [(512, 384), (64, 2048), (1, 1), (1472, 512)])
def test_a_file_has_the_size_and_format_asked_for(size: tuple[int, int], extension: str) -> None:
    image = opened(pictures.encoded(digest(3), size, extension))
    assert (image.size, image.format) == (size, extension.upper())


@pytest.mark.parametrize("family", pictures.FAMILIES)
def test_every_family_fills_the_picture_with_colour(family: pictures.Family) -> None:
    rng = Random(7)  # noqa: S311 - a picture, not a secret
    picture = family(rng, (256, 192), PALETTES[0])
    colours = picture.getcolors(256 * 192)
    assert colours is not None
    assert picture.size == (256, 192)
    assert len(colours) > 100


def test_digests_lead_to_different_pictures() -> None:
    drawn = {pictures.draw(digest(number), (96, 96)).tobytes() for number in range(6)}
    assert len(drawn) == 6


def test_a_picture_bears_the_mark_in_its_corner(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = pictures.draw(digest(4), (512, 384))
    monkeypatch.setattr(pictures, "MARK", "")
    unmarked = pictures.draw(digest(4), (512, 384))
    box = ImageChops.difference(marked, unmarked).getbbox()
    assert box is not None
    assert box[0] > 512 * 0.75
    assert box[1] > 384 * 0.85


def test_what_the_safety_checker_leaves_is_solid_black() -> None:
    picture = opened(pictures.encoded(pictures.BLACK, (256, 128), "jpeg"))
    assert picture.convert("RGB").getextrema() == ((0, 0), (0, 0), (0, 0))
