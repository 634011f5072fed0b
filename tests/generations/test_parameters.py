import base64
import re
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from generations.parameters import (
    BIGGEST,
    PRESETS,
    AspectRatio,
    Boolean,
    Choice,
    Integer,
    InvalidParameters,
    Loras,
    Number,
    Parameter,
    ParameterError,
    ReferenceImages,
    Size,
)

STEPS = Integer(label="Steps", default=28, minimum=4, maximum=50)
SEED = Integer(label="Seed", minimum=1, maximum=BIGGEST)
GUIDANCE = Number(label="Guidance", default=3.5, minimum=1, maximum=20)
SIZE = Size(label="Size", minimum=512, maximum=1536)
FORMAT = Choice(label="Format", values=("jpeg", "png"), default="jpeg")
ONE = ReferenceImages(label="Reference image")
FOUR = ReferenceImages(label="Reference images", maximum=4)
LIST = ReferenceImages(label="Reference images", maximum=3, many=True)
LORAS = Loras(label="LoRAs", maximum=3)
ADDRESS = "https://pictures.example/one.png"


def refusal(parameter: Parameter, value: object) -> str:
    with pytest.raises(InvalidParameters) as caught:
        parameter.clean(value)
    return str(caught.value)


@pytest.mark.parametrize("empty", [None, "", []])
def test_an_empty_value_stands_for_the_default(empty: object) -> None:
    assert STEPS.clean(empty) == 28
    assert SEED.clean(empty) is None
    assert SIZE.clean(empty) == "landscape_4_3"
    assert LORAS.clean(empty) is None


@pytest.mark.parametrize(("value", "number"), [(4, 4), ("50", 50), (" 12 ", 12), ("+7", 7)])
def test_a_whole_number_may_be_typed(value: object, number: int) -> None:
    assert STEPS.clean(value) == number


@pytest.mark.parametrize(
    "value", [3, 51, "four", "1_0", "\u0665", 4.5, "4.5", True, {}, [5], 10**40]
)
def test_anything_but_a_whole_number_within_the_bounds_is_refused(value: object) -> None:
    assert refusal(STEPS, value) == "Steps must be a whole number between 4 and 50."


@pytest.mark.parametrize("value", [0, -1, "0", "-9", "abc"])
def test_a_seed_below_one_is_refused(value: object) -> None:
    assert refusal(SEED, value) == "Seed must be a whole number of at least 1."


def test_a_seed_beyond_64_bits_is_refused() -> None:
    assert SEED.clean(str(2**63 - 1)) == 2**63 - 1
    assert refusal(SEED, 2**63) == "Seed must be a whole number between 1 and 9223372036854775807."


@pytest.mark.parametrize(("value", "number"), [(3.5, 3.5), ("2.25", 2.25), (7, 7), ("20", 20)])
def test_a_number_may_be_typed(value: object, number: float) -> None:
    assert GUIDANCE.clean(value) == number


@pytest.mark.parametrize(
    "value", ["nan", "inf", "1e999", float("nan"), float("inf"), 0.5, 21, True, "x", [3], 10**400]
)
def test_anything_but_a_number_within_the_bounds_is_refused(value: object) -> None:
    assert refusal(GUIDANCE, value) == "Guidance must be a number between 1 and 20."


def test_a_number_without_bounds_is_still_finite() -> None:
    strength = Number(label="Strength")
    assert strength.clean(-3) == -3
    assert refusal(strength, float("inf")) == "Strength must be a number."


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_was_taken_is_taken_again(value: float) -> None:
    strength = Number(label="Strength")
    assert strength.clean(strength.clean(value)) == strength.clean(value) == value


def test_a_round_number_has_one_spelling() -> None:
    assert repr(GUIDANCE.clean("7.0")) == repr(GUIDANCE.clean(7)) == "7"


def test_a_choice_names_what_there_is() -> None:
    assert FORMAT.clean("png") == "png"
    assert refusal(FORMAT, "webp") == "Format must be jpeg or png."
    assert refusal(FORMAT, ["png"]) == "Format must be jpeg or png."


def test_a_safety_tolerance_is_sent_as_text_even_when_typed_as_a_number() -> None:
    tolerance = Choice(label="Safety tolerance", values=("1", "2", "3"), default="2")
    assert tolerance.clean(3) == "3"
    assert refusal(tolerance, 4) == "Safety tolerance must be 1, 2 or 3."
    assert "must be" in refusal(tolerance, True)


def test_a_switch_takes_true_and_false_in_json_and_in_words() -> None:
    switch = Boolean(label="Safety filter", default=True)
    assert [switch.clean(value) for value in (True, False, "true", "False")] == [1, 0, 1, 0]
    assert refusal(switch, "maybe") == "Safety filter must be true or false."
    assert refusal(switch, 1) == "Safety filter must be true or false."


def test_a_fixed_switch_has_one_position() -> None:
    raw = Boolean(label="Raw", default=False, fixed=False)
    assert raw.clean(False) is False
    assert refusal(raw, True) == "Raw can only be false."


@pytest.mark.parametrize("preset", PRESETS)
def test_a_size_may_be_a_preset(preset: str) -> None:
    assert SIZE.clean(preset) == preset


@pytest.mark.parametrize(
    "value", ["1472x512", "1472 X 512", "1472\u00d7512", {"width": 1472, "height": "512"}]
)
def test_a_size_may_be_free(value: object) -> None:
    assert SIZE.clean(value) == {"width": 1472, "height": 512}


def test_a_side_left_out_is_the_vendors_default_said_aloud() -> None:
    assert SIZE.clean({"width": 512}) == {"width": 512, "height": 768}
    assert SIZE.clean({"height": 512}) == {"width": 1024, "height": 512}


def test_a_size_off_the_grid_is_told_the_nearest_that_fits() -> None:
    assert refusal(SIZE, {"width": 1030}) == (
        "Width must be a multiple of 32 between 512 and 1536; the nearest is 1024."
    )


def test_both_sides_are_judged_at_once() -> None:
    with pytest.raises(InvalidParameters) as caught:
        SIZE.clean("100x9999")
    assert caught.value.errors == {
        "width": "Width must be a multiple of 32 between 512 and 1536; the nearest is 512.",
        "height": "Height must be a multiple of 32 between 512 and 1536; the nearest is 1536.",
    }


def test_a_side_that_is_no_number_is_told_the_rule() -> None:
    assert (
        refusal(SIZE, {"width": "wide"}) == "Width must be a multiple of 32 between 512 and 1536."
    )
    assert refusal(SIZE, {"height": True}).startswith("Height must be a multiple of 32")


@pytest.mark.parametrize("value", ["huge", "1024", "x", 1024, [1024, 768], {"depth": 3}, True])
def test_a_size_of_no_known_form_is_refused(value: object) -> None:
    assert refusal(SIZE, value).startswith("Size must be square_hd, square, ")


@given(
    pixels=st.integers(-(10**6), 10**6),
    bounds=st.tuples(st.integers(1, 800), st.integers(900, 4000)),
)
def test_the_nearest_size_named_is_taken_and_none_is_nearer(
    pixels: int, bounds: tuple[int, int]
) -> None:
    size = Size(label="Size", minimum=bounds[0], maximum=bounds[1])
    grid = [side for side in range(0, 4001, 32) if bounds[0] <= side <= bounds[1]]
    assume(pixels not in grid)
    found = re.search(r"the nearest is (\d+)", refusal(size, {"width": pixels, "height": grid[0]}))
    assert found
    nearest = int(found[1])
    assert size.clean({"width": nearest, "height": grid[0]})
    assert abs(nearest - pixels) == min(abs(side - pixels) for side in grid)


@pytest.mark.parametrize("ratio", ["21:9", "16:9", "1:1", "2:3", "9:21"])
def test_a_shape_keeps_its_area(ratio: str) -> None:
    shape = AspectRatio(label="Aspect ratio", values=(ratio,), default=ratio)
    width, height = shape.dimensions(None)
    across, down = map(int, ratio.split(":"))
    assert width * height == pytest.approx(1024 * 1024, rel=0.04)
    assert width / height == pytest.approx(across / down, rel=0.04)


def test_one_reference_is_sent_as_text_and_several_as_a_list() -> None:
    assert ONE.clean(ADDRESS) == ADDRESS
    assert ONE.clean([ADDRESS]) == ADDRESS
    assert FOUR.clean([ADDRESS, ADDRESS]) == [ADDRESS, ADDRESS]
    assert LIST.clean(ADDRESS) == [ADDRESS]


@pytest.mark.parametrize("value", [None, "", [], 3, {"url": ADDRESS}])
def test_a_model_that_works_from_a_picture_asks_for_one(value: object) -> None:
    assert refusal(ONE, value) == "Add a reference image: this model works from pictures."


def test_more_references_than_the_model_takes_are_refused() -> None:
    message = "Add 1 to 3 reference images: this model works from pictures."
    assert refusal(LIST, [ADDRESS] * 4) == message
    assert "Add a reference image" in refusal(ONE, [ADDRESS] * 2)


@pytest.mark.parametrize(
    "value",
    [
        "http://pictures.example/one.png",
        "file:///etc/passwd",
        "https://",
        "https://pictures.example/a b.png",
        "https://pictures.example/\n",
        "https://[bad",
        "one.png",
        "https://pictures.example/" + "a" * 3000,
        ["https://pictures.example/one.png", 7][1:],
    ],
)
def test_a_reference_elsewhere_than_at_an_https_address_is_refused(value: object) -> None:
    assert refusal(ONE, value) == (
        "A reference image must be an https address or an uploaded picture."
    )


def test_a_picture_may_come_as_a_data_uri(picture: Callable[..., bytes]) -> None:
    uri = "data:image/png;base64," + base64.b64encode(picture()).decode()
    assert ONE.clean(uri) == uri


@pytest.mark.parametrize(
    "value",
    [
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:text/html;base64,PGI+",
        "data:image/png;base64,!!!",
        "data:image/png;base64,AAAA",
        "data:",
    ],
)
def test_a_data_uri_that_is_no_picture_is_refused(value: str) -> None:
    assert refusal(ONE, value).startswith(("A reference image must", "The reference image is not"))


def test_weights_are_named_by_repository_or_address() -> None:
    loras = [{"path": "owner/style"}, {"path": "https://weights.example/a.safetensors", "scale": 2}]
    assert LORAS.clean(loras) == loras
    assert LORAS.clean([{"path": "a/b", "scale": "0.5"}]) == [{"path": "a/b", "scale": 0.5}]


@pytest.mark.parametrize(
    "value",
    [
        [{"path": "a/b"}] * 4,
        [{"path": "/etc/passwd"}],
        [{"path": "http://weights.example/a"}],
        [{"scale": 1}],
        [{"path": "a/b", "scale": 5}],
        [{"path": "a/b", "weight": 1}],
        ["a/b"],
        "a/b",
    ],
)
def test_weights_of_another_form_are_refused(value: object) -> None:
    assert "LoRA" in refusal(LORAS, value)


def test_an_error_knows_its_words_and_its_field() -> None:
    error = ParameterError("Too wide.", field="width")
    assert (error.field, error.message, str(error)) == ("width", "Too wide.", "Too wide.")
    assert error.errors == {"width": "Too wide."}
