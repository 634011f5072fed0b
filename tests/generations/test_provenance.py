"""How an image was made, written into its file and read back, also by exiftool."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from generations import provenance
from generations.errors import UnusableImage
from generations.provenance import Origin
from tests.generations.files import KINDS, credentialed, exiftool, noise, pixels

SEED = 2**63 - 1
PROMPTS = ["A lighthouse, at dusk", "Ein Leuchtturm für Zoë", "灯台と夕暮れ — 🌅\nsecond line"]


def origin(prompt: str = PROMPTS[0], **params: object) -> Origin:
    chosen = {"num_inference_steps": 28, "guidance_scale": 3.5} | params
    return Origin(prompt=prompt, model="flux/dev", params=chosen, seed=SEED, width=65, height=49)


def test_the_text_is_that_of_the_web_ui() -> None:
    assert provenance.describe(origin("A heron\non a lake")) == (
        "A heron\non a lake\n"
        f"Steps: 28, CFG scale: 3.5, Seed: {SEED}, Size: 65x49, Model: flux/dev, Version: Darkroom"
    )


def test_what_is_not_known_is_left_out() -> None:
    bare = Origin(prompt="A", model='a, "b"', params={}, seed=None, width=1, height=2)

    assert provenance.describe(bare) == 'A\nSize: 1x2, Model: "a, \\"b\\"", Version: Darkroom'


@pytest.mark.parametrize("content_type", KINDS)
def test_a_mark_leaves_the_picture_as_it_lay(content_type: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6

    marked = provenance.mark(noise(content_type, exif=exif), content_type, origin())

    assert provenance.read(marked).text == provenance.describe(origin())
    with Image.open(io.BytesIO(marked)) as image:
        assert image.getexif()[ExifTags.Base.Orientation] == 6


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("content_type", KINDS)
def test_what_is_written_is_read_back_and_no_pixel_changes(content_type: str, prompt: str) -> None:
    data = noise(content_type)

    marked = provenance.mark(data, content_type, origin(prompt))
    claims = provenance.read(marked)

    assert claims.is_marked
    assert claims.text == provenance.describe(origin(prompt))
    assert not claims.has_credential
    assert pixels(marked) == pixels(data)


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("content_type", KINDS)
def test_exiftool_reads_the_mark_and_the_text(
    content_type: str, prompt: str, tmp_path: Path
) -> None:
    found = exiftool(provenance.mark(noise(content_type), content_type, origin(prompt)), tmp_path)

    text = found["PNG:Parameters" if content_type == "image/png" else "EXIF:UserComment"]
    assert text == provenance.describe(origin(prompt))
    assert found["XMP:DigitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert found["XMP:CreatorTool"] == "Darkroom"
    assert not [name for name in found if "Warning" in name or "Error" in name]


def test_pillow_reads_the_text_where_the_web_ui_does() -> None:
    with Image.open(io.BytesIO(provenance.mark(noise("image/png"), "image/png", origin()))) as png:
        assert png.info["parameters"] == provenance.describe(origin())
    for content_type in ("image/jpeg", "image/webp"):
        marked = provenance.mark(noise(content_type), content_type, origin())
        with Image.open(io.BytesIO(marked)) as image:
            comment = image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
        assert comment == b"UNICODE\0" + provenance.describe(origin()).encode("utf-16-be")


@pytest.mark.parametrize("content_type", KINDS)
def test_a_recipe_is_read_back_to_the_last_sign(content_type: str, tmp_path: Path) -> None:
    """By us, and by exiftool."""
    recipe = '{"prompt":"<b>Zoë & \\"灯台\\"</b> &amp; \\u0007 🌅"}'
    told = replace(origin(), recipe=recipe)

    marked = provenance.mark(noise(content_type), content_type, told)

    assert provenance.read(marked).recipe == recipe
    found = exiftool(marked, tmp_path)
    assert found["XMP:Recipe"] == recipe
    assert found.get("PNG:Darkroom", recipe) == recipe
    assert not [name for name in found if "Warning" in name or "Error" in name]


def test_pillow_reads_the_recipe_in_the_text_of_a_png() -> None:
    data = provenance.mark(noise("image/png"), "image/png", replace(origin(), recipe="{}"))

    with Image.open(io.BytesIO(data)) as png:
        assert png.info["darkroom"] == "{}"


@pytest.mark.parametrize("content_type", KINDS)
def test_a_file_that_is_marked_again_has_one_recipe(content_type: str) -> None:
    first = provenance.mark(noise(content_type), content_type, replace(origin(), recipe="{}"))
    again = provenance.mark(first, content_type, replace(origin(), recipe="[]"))

    assert provenance.read(again).recipe == "[]"
    assert b"{}" not in again


@pytest.mark.parametrize("content_type", KINDS)
def test_a_file_with_a_credential_is_left_byte_for_byte(content_type: str) -> None:
    signed = credentialed(content_type)

    assert provenance.mark(signed, content_type, origin()) == signed
    assert provenance.read(signed).has_credential


@pytest.mark.parametrize("content_type", KINDS)
def test_a_file_that_says_nothing_claims_nothing(content_type: str) -> None:
    assert not provenance.read(noise(content_type)).any


def test_other_words_for_what_a_model_made_in_part_count_too() -> None:
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

    assert provenance.read(noise("image/jpeg", xmp=f"<a>{source}</a>".encode())).is_marked
    assert not provenance.read(noise("image/jpeg", xmp=b"<a>digitalCapture</a>")).is_marked


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnusableImage):
        provenance.read(data)


@pytest.mark.parametrize("content_type", KINDS)
def test_exiftool_sees_the_same_credential_as_we(content_type: str, tmp_path: Path) -> None:
    """But in WebP, of which Debian's version does not know where it is kept."""
    found = exiftool(credentialed(content_type), tmp_path)

    assert ("JUMBF:JUMDLabel" in found) == (content_type != "image/webp")


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_exif_that_somebody_mangled_says_nothing() -> None:
    data = noise("image/jpeg", exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff" + bytes(40))

    assert not provenance.read(data).any
