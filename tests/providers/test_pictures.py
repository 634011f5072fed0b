import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generations.providers import pictures as reader
from generations.providers.errors import DownloadError


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg", "image/webp"])
def test_a_whole_picture_tells_its_type_and_size(
    pictures: dict[str, bytes], content_type: str
) -> None:
    found = reader.read(pictures[content_type])
    assert (found.content_type, found.width, found.height) == (content_type, 96, 64)


def test_bytes_behind_the_end_do_no_harm(pictures: dict[str, bytes]) -> None:
    for data in pictures.values():
        assert reader.read(data + b"\0" * 20).data == data + b"\0" * 20


def test_a_jpeg_with_a_preview_behind_it_is_a_jpeg() -> None:
    file = io.BytesIO()
    picture = Image.new("RGB", (64, 48), "navy")
    picture.save(file, "MPO", save_all=True, append_images=[picture])
    assert reader.read(file.getvalue()).content_type == "image/jpeg"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_pixel_flood_is_refused_by_its_header(png: bytes, side: int) -> None:
    header = b"IHDR" + struct.pack(">II", side, side) + png[24:29]
    flood = png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]
    with pytest.raises(DownloadError):
        reader.read(flood)


def test_nothing_of_the_bytes_is_printed(png: bytes) -> None:
    assert "IHDR" not in repr(reader.read(png))


@given(st.binary(), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF"]))
def test_any_bytes_are_a_picture_or_an_error(data: bytes, magic: bytes) -> None:
    with pytest.raises(DownloadError):
        reader.read(magic + data)


@given(data=st.data())
def test_a_damaged_picture_is_a_picture_or_an_error(
    pictures: dict[str, bytes], data: st.DataObject
) -> None:
    damaged = bytearray(data.draw(st.sampled_from(sorted(pictures.values()))))
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, min(200, len(damaged) - 1)))] = data.draw(
            st.integers(0, 255)
        )
    try:
        assert reader.read(bytes(damaged)).width > 0
    except DownloadError:
        return
