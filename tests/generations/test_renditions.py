import base64
import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from generations import renditions
from generations.errors import UnusableImage
from tests import factories


def noise(size: tuple[int, int] = (64, 48), *, kind: str = "PNG", **how: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(out, kind, **how)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("kind", "content_type", "extension"),
    [("PNG", "image/png", "png"), ("JPEG", "image/jpeg", "jpg"), ("WEBP", "image/webp", "webp")],
)
def test_what_an_image_is_is_told_from_its_bytes(
    kind: str, content_type: str, extension: str
) -> None:
    facts = renditions.inspect(factories.picture((64, 48), kind=kind))
    assert facts == renditions.Facts(content_type, 64, 48)
    assert facts.extension == extension


SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
HTML = b"<!DOCTYPE html><html><body>no picture</body></html>"
UNUSABLE: dict[str, bytes] = {
    "nothing": b"",
    "text": b"no picture",
    "html": HTML,
    "svg": SVG,
    "gif": factories.picture(kind="GIF"),
    "bmp": factories.picture(kind="BMP"),
    "tiff": factories.picture(kind="TIFF"),
    "half a header": factories.picture()[:20],
    "longer than any screen": factories.picture((renditions.LONGEST_SIDE + 1, 1)),
}
READERS: list[Callable[[bytes], object]] = [
    renditions.inspect,
    renditions.is_blank,
    renditions.render,
    renditions.placeholder,
]


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@pytest.mark.parametrize("name", UNUSABLE)
def test_bytes_that_cannot_be_kept_are_refused(name: str, read: Callable[[bytes], object]) -> None:
    with pytest.raises(UnusableImage):
        read(UNUSABLE[name])


def bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that says it unpacks to a square of this side."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((1 + side // 8) * side))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [6_400, 9_200, 16_000])
def test_a_picture_that_unpacks_to_too_much_is_refused_unread(side: int) -> None:
    data = bomb(side)
    assert len(data) < 50_000
    with pytest.raises(UnusableImage):
        renditions.inspect(data)


@pytest.mark.parametrize("read", READERS[1:], ids=lambda read: read.__name__)
def test_a_picture_whose_pixels_are_torn_is_refused(read: Callable[[bytes], object]) -> None:
    data = bomb(800)
    start = data.index(b"IDAT") + 4
    torn = data[:start] + b"\xff" * 20 + data[start + 20 :]
    assert renditions.inspect(torn).width == 800
    with pytest.raises(UnusableImage):
        read(torn)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_black_picture_is_blank_and_a_dark_one_is_not(kind: str) -> None:
    assert renditions.is_blank(factories.picture((512, 512), kind=kind, shade="black"))
    assert not renditions.is_blank(factories.picture((512, 512), kind=kind, shade="#0a0a0a"))


def test_a_real_picture_is_not_decoded_to_see_that_it_is_not_blank(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = noise((256, 256))
    monkeypatch.delattr(Image.Image, "convert")
    assert not renditions.is_blank(data)


def test_renditions_are_webp_in_three_widths() -> None:
    made = renditions.render(noise((1600, 900)))
    assert {name: opened(data).size for name, data in made.items()} == {
        "320": (320, 180),
        "640": (640, 360),
        "1280": (1280, 720),
    }
    assert {opened(data).format for data in made.values()} == {"WEBP"}


def test_a_rendition_is_never_wider_than_its_original() -> None:
    made = renditions.render(noise((500, 700)))
    assert [opened(data).width for data in made.values()] == [320, 500, 500]


def test_a_thin_picture_keeps_at_least_a_line() -> None:
    assert opened(renditions.render(noise((1600, 1)))["320"]).size == (320, 1)


def test_what_is_transparent_stays_so() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (400, 400), (255, 0, 0, 0)).save(out, "PNG")
    assert opened(renditions.render(out.getvalue())["320"]).mode == "RGBA"


def test_a_rendition_carries_nothing_of_the_originals_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a prompt nobody else may read"
    data = noise((640, 480), kind="JPEG", exif=exif)
    assert b"a prompt" in data
    assert all(b"a prompt" not in made for made in renditions.render(data).values())


def lying(turn: int, kind: str) -> bytes:
    """A picture of 60 by 30, red at its top left corner once it is turned as its EXIF says."""
    picture = Image.new("RGB", (60, 30), "white")
    picture.paste("red", (0, 0, 20, 15))
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    laid = picture.transpose(back.get(turn, renditions.TURNS[turn]))
    exif = Image.Exif()
    exif[0x0112] = turn
    out = io.BytesIO()
    laid.save(out, kind, exif=exif, quality=95)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("turn", range(2, 9))
def test_a_picture_that_lies_is_shown_and_converted_upright(turn: int, kind: str) -> None:
    data = lying(turn, kind)

    facts = renditions.inspect(data)
    shown = opened(renditions.render(data)["320"]).convert("RGB")
    converted = opened(renditions.convert(data, "image/png"))

    assert (facts.width, facts.height) == shown.size == converted.size == (60, 30)
    for picture in (shown, converted):
        red_here, white_there = (picture.convert("L").getpixel(at) for at in ((3, 3), (57, 27)))
        assert (red_here, white_there) == pytest.approx((76, 255), abs=12)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_can_be_rendered(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (400, 300)).save(out, "PNG")
    assert opened(renditions.render(out.getvalue())["320"]).size == (320, 240)
    assert renditions.placeholder(out.getvalue())


def deep(*, clear: int | None = None) -> bytes:
    """A PNG of 16-bit greys: middling at the left, dark at the right."""
    picture = Image.new("I;16", (64, 48), 30_000)
    picture.paste(2_570, (32, 0, 64, 48))
    out = io.BytesIO()
    picture.save(out, "PNG", **({} if clear is None else {"transparency": clear}))
    return out.getvalue()


def shades(data: bytes) -> tuple[object, ...]:
    picture = opened(data).convert("L")
    return tuple(picture.getpixel((picture.width * at // 4, 1)) for at in (1, 3))


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    data = deep()
    uri = renditions.placeholder(data).partition(",")[2]
    made = [
        *renditions.render(data).values(),
        renditions.thumbnail(data),
        *(renditions.convert(data, kind) for kind in renditions.KINDS),
        base64.b64decode(uri),
    ]

    for one in made:
        assert shades(one) == pytest.approx((117, 10), abs=8)


def test_what_is_clear_among_sixteen_bits_of_grey_stays_so() -> None:
    converted = opened(renditions.convert(deep(clear=2_570), "image/png"))

    assert [converted.getpixel((at, 1)) for at in (1, 60)] == [
        (116, 116, 116, 255),
        (10, 10, 10, 0),
    ]


@pytest.mark.parametrize("size", [(64, 48), (1600, 900), (300, 1600), (1, 1)])
def test_a_placeholder_is_a_picture_of_under_200_bytes(size: tuple[int, int]) -> None:
    uri = renditions.placeholder(noise(size))
    assert uri.startswith("data:image/webp;base64,")
    assert len(uri) < 200


def test_the_same_bytes_give_the_same_renditions() -> None:
    data = noise()
    assert renditions.render(data) == renditions.render(data)
    assert renditions.placeholder(data) == renditions.placeholder(data)
