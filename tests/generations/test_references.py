import base64
import io
from collections.abc import Callable

import pytest
from PIL import Image

from generations import references
from generations.references import BadReference


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1])))


def refusal(data: bytes) -> str:
    with pytest.raises(BadReference) as caught:
        references.from_upload(data)
    return str(caught.value)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_an_upload_becomes_a_data_uri(picture: Callable[..., bytes], image_format: str) -> None:
    uri = references.from_upload(picture((64, 48), image_format=image_format))
    assert references.check(uri) == uri
    assert references.size(uri) == (64, 48)


def test_metadata_is_dropped_and_the_picture_is_upright(picture: Callable[..., bytes]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Secret camera"
    uri = references.from_upload(picture((64, 48), image_format="JPEG", exif=exif))
    assert references.size(uri) == (48, 64)
    assert not opened(uri).getexif()
    assert b"Secret" not in base64.b64decode(uri.split(",", 1)[1])


@pytest.mark.parametrize("size", [(3000, 2000), (1025, 1024), (4000, 10), (1, 3)])
def test_an_upload_has_at_most_one_megapixel(
    picture: Callable[..., bytes], size: tuple[int, int]
) -> None:
    shrunk = references.size(references.from_upload(picture(size)))
    assert shrunk
    assert 0 < shrunk[0] * shrunk[1] <= 1024 * 1024
    assert shrunk == size or shrunk[0] / shrunk[1] == pytest.approx(size[0] / size[1], rel=0.01)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "CMYK", "I;16"])
def test_pictures_of_every_mode_are_taken(picture: Callable[..., bytes], mode: str) -> None:
    image_format = "JPEG" if mode == "CMYK" else "PNG"
    image = opened(references.from_upload(picture(mode=mode, image_format=image_format)))
    assert image.mode == "RGB"


def test_what_is_transparent_becomes_white(picture: Callable[..., bytes]) -> None:
    image = opened(references.from_upload(picture(mode="RGBA")))
    assert image.getpixel((5, 5)) == (255, 255, 255)


def test_sixteen_bits_of_grey_keep_their_shade() -> None:
    out = io.BytesIO()
    Image.new("I;16", (64, 48), 30_000).save(out, "PNG")
    shade = opened(references.from_upload(out.getvalue())).getpixel((5, 5))
    assert shade == pytest.approx((117, 117, 117), abs=1)


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert refusal(data) == "A reference image must be a JPEG, PNG or WebP picture."


def test_a_format_outside_the_list_is_refused(picture: Callable[..., bytes]) -> None:
    assert "JPEG, PNG or WebP" in refusal(picture(image_format="GIF"))


def test_a_damaged_picture_is_refused() -> None:
    out = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(out, "PNG")
    assert refusal(out.getvalue()[:5000]) == "This picture is damaged and cannot be read."


def test_a_huge_file_is_refused_unread() -> None:
    assert refusal(b"\xff\xd8" + bytes(references.MAX_BYTES)) == (
        "A reference image may have at most 10 MB."
    )


@pytest.mark.parametrize("size", [(8000, 5001), (10000, 10000), (20000, 20000)])
def test_a_small_file_of_very_many_pixels_is_refused(
    picture: Callable[..., bytes], size: tuple[int, int]
) -> None:
    assert "at most 40 megapixels" in refusal(picture(size, mode="1"))


def test_the_size_of_what_is_behind_an_address_is_not_known() -> None:
    assert references.size("https://pictures.example/one.png") is None
