"""What stands beside the picture in a file: found, put in and taken out."""

import io
import struct

import pytest
from PIL import Image

from generations import containers
from generations.containers import Marks, exif
from generations.errors import UnusableImage
from tests.generations.files import KINDS, credentialed, noise, pixels

MARKS = Marks(text="A heron", exif=b"MM\0\x2a\0\0\0\x08\0\0\0\0\0\0", xmp=b"<x:xmpmeta/>")
# Of every way in which the formats keep a picture.
SHAPES = [
    ("image/png", "RGB", {}),
    ("image/png", "RGBA", {}),
    ("image/png", "P", {}),
    ("image/jpeg", "RGB", {}),
    ("image/jpeg", "L", {}),
    ("image/jpeg", "RGB", {"progressive": True}),
    ("image/jpeg", "RGB", {"restart_marker_blocks": 1}),
    ("image/webp", "RGB", {}),
    ("image/webp", "RGBA", {}),
    ("image/webp", "RGB", {"lossless": True}),
    ("image/webp", "RGBA", {"lossless": True}),
]


@pytest.mark.parametrize(("content_type", "mode", "options"), SHAPES)
def test_marks_change_no_pixel_and_are_taken_out_again(
    content_type: str, mode: str, options: dict[str, object]
) -> None:
    data = noise(content_type, mode, **options)

    marked = containers.marked(data, content_type, MARKS)
    bare = containers.stripped(marked, content_type)

    assert pixels(marked) == pixels(bare) == pixels(data)
    assert MARKS.xmp in marked
    assert MARKS.xmp not in bare
    assert containers.marked(marked, content_type, MARKS) == marked


@pytest.mark.parametrize("content_type", KINDS)
def test_what_says_more_than_the_picture_is_stripped(content_type: str) -> None:
    said = Image.Exif()
    said[0x010F] = "Secret camera"
    data = noise(content_type, exif=said, xmp=b"Secret words", comment=b"Secret comment")

    bare = containers.stripped(data, content_type)

    assert b"Secret" in data
    assert b"Secret" not in bare
    assert pixels(bare) == pixels(data)


@pytest.mark.parametrize("content_type", KINDS)
def test_which_way_is_up_is_all_that_is_left_of_exif(content_type: str) -> None:
    said = Image.Exif()
    said[0x010F], said[0x0112] = "Secret camera", 6
    data = noise(content_type, exif=said)

    bare = containers.stripped(data, content_type)

    assert b"Secret" not in bare
    assert pixels(bare) == pixels(data)
    with Image.open(io.BytesIO(bare)) as image:
        assert dict(image.getexif()) == {0x0112: 6}


ENTRY = struct.pack(">HHIHH", exif.ORIENTATION, exif.SHORT, 1, 6, 0)


@pytest.mark.parametrize(
    ("data", "turn"),
    [
        (b"Exif\0\0MM\0\x2a\0\0\0\x08\0\1" + ENTRY, 6),
        (b"MM\0\x2a\0\0\0\x08\0\1" + ENTRY, 6),
        (b"MM\0\x2a\0\0\0\x08\0\1" + ENTRY.replace(b"\6", b"\x63"), 1),
        (b"MM\0\x2a\0\0\0\x08\xff\xff" + ENTRY[:-4], 1),
        (b"MM\0\x2a\xff\xff\xff\xff", 1),
        (b"no EXIF", 1),
        (b"", 1),
    ],
)
def test_exif_that_cannot_be_read_turns_nothing(data: bytes, turn: int) -> None:
    assert exif.turn_of(data) == turn


def test_what_is_glued_to_the_end_of_a_file_is_stripped() -> None:
    for content_type in KINDS:
        data = noise(content_type)
        assert b"Secret" not in containers.stripped(data + b"Secret", content_type)


@pytest.mark.parametrize("content_type", KINDS)
def test_colours_stay_as_they_were(content_type: str) -> None:
    profile = b"\0\0\0\x0cprofile" + bytes(117)
    data = noise(content_type, icc_profile=profile)

    bare = containers.stripped(containers.marked(data, content_type, MARKS), content_type)

    with Image.open(io.BytesIO(bare)) as image:
        assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("content_type", KINDS)
def test_a_credential_is_found_and_can_be_stripped(content_type: str) -> None:
    signed = credentialed(content_type)

    assert containers.has_credential(signed, content_type)
    assert not containers.has_credential(noise(content_type), content_type)
    assert not containers.has_credential(containers.stripped(signed, content_type), content_type)
    assert pixels(signed) == pixels(noise(content_type))


@pytest.mark.parametrize("content_type", KINDS)
def test_a_file_that_was_cut_is_refused_or_kept_as_far_as_it_goes(content_type: str) -> None:
    data = containers.marked(noise(content_type), content_type, MARKS)

    for length in range(16, len(data) - 12, 7):
        try:
            containers.stripped(data[:length], content_type)
        except UnusableImage:
            continue
        # Only the compressed picture of a JPEG may end anywhere.
        assert content_type == "image/jpeg"


def test_fill_bytes_before_a_marker_are_no_damage() -> None:
    data = noise("image/jpeg", comment=b"Secret")
    filled = data[:2] + b"\xff\xff" + data[2:-2] + b"\xff" + data[-2:]

    bare = containers.stripped(containers.marked(filled, "image/jpeg", MARKS), "image/jpeg")

    assert pixels(bare) == pixels(data)
    assert b"Secret" not in bare


def test_a_chunk_that_says_it_is_huge_is_refused() -> None:
    data = noise("image/png")
    broken = data[:33] + struct.pack(">I4s", 2**31, b"tEXt") + data[33:]

    with pytest.raises(UnusableImage):
        containers.stripped(broken, "image/png")
