import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from generations import catalog, pricing, references
from generations.catalog import MODELS, get_model
from generations.forms import ComposerForm
from generations.parameters import Boolean

Problems = Callable[[str, object], list[str]]

every_model = pytest.mark.parametrize("model_id", MODELS)


def upload(content: bytes, name: str = "one.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


def posted(model_id: str, **values: object) -> MultiValueDict[str, Any]:
    """What a browser sends when a person changed only these values of a fresh composer."""
    blank = ComposerForm(model=get_model(model_id), initial={"team": "northlight"})
    data = MultiValueDict[str, Any]()
    for name in blank.fields:
        shown = values.get(name, blank[name].value())
        data.setlist(name, shown if isinstance(shown, list) else [str(shown or "")])
        if shown is False or shown is None:  # an unticked box is not sent
            data.pop(name)
    data["prompt"] = values.get("prompt", "a red fox")
    return data


def filled(model_id: str, *files: SimpleUploadedFile, **values: object) -> ComposerForm:
    uploads = MultiValueDict({"reference": list(files)})
    return ComposerForm(posted(model_id, **values), uploads, model=get_model(model_id))


@every_model
def test_a_fresh_composer_asks_for_the_models_defaults(
    model_id: str, problems: Problems, picture: Callable[..., bytes]
) -> None:
    model = get_model(model_id)
    files = [upload(picture())] if model.reference else []
    form = filled(model_id, *files)
    assert form.is_valid(), form.errors
    without_pictures = catalog.draft(model, {})
    assert without_pictures.items() <= form.cleaned_params.items()
    assert problems(model_id, catalog.payload(model, "a red fox", form.cleaned_params)) == []


@every_model
def test_every_parameter_is_drawn_once(model_id: str) -> None:
    form = ComposerForm(model=get_model(model_id))
    groups = [form.shape_field, form.count_field, form.reference_field]
    drawn = [field.name for field in groups if field] + [f.name for f in form.advanced_fields]
    parameters = form.model.parameters.items()
    fixed = {name for name, one in parameters if isinstance(one, Boolean) and one.fixed is not None}
    expected = form.model.parameters.keys() - fixed - {"image_url", "image_urls"}
    assert sorted(set(drawn) - {"reference"}) == sorted(expected)
    assert len(drawn) == len(set(drawn))
    assert form.as_div()


def test_the_quick_example_can_be_typed_into_the_composer() -> None:
    form = filled("flux-realism", image_size="custom", width="1472", height="512")
    assert form.is_valid(), form.errors
    assert form.cleaned_params == {
        "image_size": {"width": 1472, "height": 512},
        "num_images": 1,
        "num_inference_steps": 50,
        "guidance_scale": 3.5,
        "enable_safety_checker": True,
        "output_format": "jpeg",
    }


def test_everything_typed_is_kept_when_something_is_wrong() -> None:
    form = filled(
        "flux/dev", prompt="  ", image_size="custom", width="1030", height="99", seed="abc"
    )
    assert not form.is_valid()
    assert form.errors == {
        "prompt": ["Describe the image you want to make."],
        "seed": ["Seed must be a whole number of at least 1."],
        "width": ["Width must be a multiple of 32 between 512 and 1536; the nearest is 1024."],
        "height": ["Height must be a multiple of 32 between 512 and 1536; the nearest is 512."],
    }
    shown = {name: form[name].value() for name in ("prompt", "image_size", "width", "seed")}
    assert shown == {"prompt": "  ", "image_size": "custom", "width": "1030", "seed": "abc"}


def test_the_same_rendered_form_carries_the_same_key() -> None:
    blank = ComposerForm(model=get_model("flux/dev"))
    key = blank["idempotency_key"].value()
    assert blank["idempotency_key"].value() == key
    assert ComposerForm(model=get_model("flux/dev"))["idempotency_key"].value() != key
    form = filled("flux/dev", idempotency_key=key)
    assert form.is_valid()
    assert form.cleaned_data["idempotency_key"] == uuid.UUID(key)


@pytest.mark.parametrize(
    ("field", "value"),
    [("team", ""), ("idempotency_key", "twice"), ("visibility", "everyone")],
)
def test_what_belongs_to_the_form_is_checked_too(field: str, value: str) -> None:
    form = filled("flux/dev", **{field: value})
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_an_unticked_box_says_no() -> None:
    form = filled("flux/dev", enable_safety_checker=False)
    assert form.is_valid()
    assert form.cleaned_params["enable_safety_checker"] is False


def test_an_empty_number_is_the_models_default() -> None:
    form = filled("flux-2", num_inference_steps="", guidance_scale="")
    assert form.is_valid()
    assert form.cleaned_params["num_inference_steps"] == 28
    assert form.cleaned_params["guidance_scale"] == 2.5


def test_a_forged_choice_is_refused() -> None:
    form = filled("flux/dev", image_size="poster", num_images="9")
    assert not form.is_valid()
    assert form.errors.keys() == {"image_size", "num_images"}


def test_a_seed_beyond_what_a_browser_counts_is_kept_exactly() -> None:
    seed = 2**63 - 1
    form = ComposerForm(model=get_model("flux/dev"), initial={"seed": seed})
    assert f'value="{seed}"' in str(form["seed"])
    assert 'type="text"' in str(form["seed"])


def test_a_model_without_a_count_has_no_count_field() -> None:
    form = ComposerForm(model=get_model("flux-2-max"))
    assert form.count_field is None
    assert "num_images" not in form.fields


def test_the_count_is_a_row_of_buttons() -> None:
    count = ComposerForm(model=get_model("flux/dev")).count_field
    assert count is not None
    assert [radio.choice_label for radio in count] == ["1", "2", "3", "4"]


def test_a_free_size_has_two_fields_within_the_models_range() -> None:
    width, height = ComposerForm(model=get_model("flux-pro")).size_fields
    assert (width.value(), height.value()) == (1024, 768)
    assert width.field.widget.attrs == {"min": 256, "max": 1440, "step": "32"}


def test_an_uploaded_picture_becomes_a_reference(picture: Callable[..., bytes]) -> None:
    form = filled("flux/dev/image-to-image", upload(picture((640, 480))))
    assert form.is_valid(), form.errors
    assert references.size(str(form.cleaned_params["image_url"])) == (640, 480)


def test_several_pictures_become_a_list(picture: Callable[..., bytes]) -> None:
    pictures = [upload(picture((64, side))) for side in (32, 64)]
    form = filled("flux-2/edit", *pictures)
    assert form.is_valid(), form.errors
    assert len(catalog.reference_images(form.model, form.cleaned_params)) == 2


def test_a_model_that_edits_asks_for_a_picture() -> None:
    form = filled("flux-2/edit")
    assert form.errors == {
        "reference": ["Add 1 to 3 reference images: this model works from pictures."]
    }


def test_more_pictures_than_the_model_takes_are_refused(picture: Callable[..., bytes]) -> None:
    form = filled("flux-2/edit", *[upload(picture())] * 4)
    assert form.errors == {"reference": ["Add at most 3 of them."]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<svg/>", "A reference image must be a JPEG, PNG or WebP picture."),
        (bytes(10_000_001), "A reference image may have at most 10 MB."),
    ],
)
def test_a_file_that_is_no_usable_picture_is_refused(content: bytes, message: str) -> None:
    form = filled("flux-2/edit", upload(content))
    assert form.errors == {"reference": [message]}


def test_an_uploaded_picture_survives_a_mistake_elsewhere(picture: Callable[..., bytes]) -> None:
    form = filled("flux-2/edit", upload(picture((64, 32))), prompt="")
    assert list(form.errors) == ["prompt"]
    again = filled("flux-2/edit", kept=form["kept"].value())
    assert again.is_valid(), again.errors
    assert references.size(catalog.reference_images(again.model, again.cleaned_params)[0]) == (
        64,
        32,
    )


def test_a_new_upload_replaces_the_kept_pictures(picture: Callable[..., bytes]) -> None:
    old = references.from_upload(picture((64, 32)))
    form = filled("flux/dev/image-to-image", upload(picture((32, 64))), kept=[old])
    assert form.is_valid(), form.errors
    assert references.size(str(form.cleaned_params["image_url"])) == (32, 64)


def test_weights_are_typed_one_on_a_line() -> None:
    form = filled("flux-2/lora", loras="owner/ink 0.8\r\n\r\nowner/grain")
    assert form.is_valid(), form.errors
    assert form.cleaned_params["loras"] == [
        {"path": "owner/ink", "scale": 0.8},
        {"path": "owner/grain"},
    ]


def test_a_model_whose_provider_has_no_key_is_refused(settings: Settings) -> None:
    settings.PROVIDERS = ["aimlapi"]
    form = filled("fal-ai/flux-realism")
    assert form.non_field_errors() == [
        "FLUX Realism on fal cannot be used yet. Choose another model."
    ]


@every_model
def test_a_recipe_can_be_made_again(model_id: str, picture: Callable[..., bytes]) -> None:
    model = get_model(model_id)
    values: dict[str, object] = {"seed": 7, "image_size": "square", "num_images": 2}
    if model.reference:
        uri = references.from_upload(picture())
        values |= dict.fromkeys(("image_url", "image_urls"), uri)
    recipe = catalog.clean(
        model, "a fox", {k: v for k, v in values.items() if k in model.parameters}
    )
    shown = ComposerForm(model=model, initial={"prompt": "a fox", "team": "t", **recipe})
    data = posted(model_id, **{name: shown[name].value() for name in shown.fields})
    form = ComposerForm(data, model=model)
    assert form.is_valid(), form.errors
    size = {"image_size": {"width": 512, "height": 512}} if "image_size" in recipe else {}
    assert form.cleaned_params == recipe | size


def test_another_model_keeps_what_was_chosen_and_it_takes() -> None:
    chosen = filled(
        "flux/dev",
        prompt="a heron",
        seed="5",
        num_images="3",
        guidance_scale="7",
        visibility="private",
    )
    form = chosen.switched_to(get_model("flux-2"))
    assert (form["prompt"].value(), form["visibility"].value()) == ("a heron", "private")
    assert form["model"].value() == "blackforestlabs/flux-2"
    assert form.draft_params["seed"] == 5
    assert form.draft_params["num_images"] == 3
    assert form.draft_params["guidance_scale"] == 7
    assert form.draft_params["num_inference_steps"] == 28


def test_another_model_does_not_switch_its_safety_filter_off() -> None:
    form = filled("flux-pro").switched_to(get_model("flux/dev"))
    assert form["enable_safety_checker"].value() is True


@pytest.mark.parametrize(
    ("old", "name", "value", "new", "expected"),
    [
        ("flux/dev", "image_size", "portrait_16_9", "flux-pro/v1.1-ultra", "9:16"),
        ("flux-pro/v1.1-ultra", "aspect_ratio", "3:4", "flux/dev", "portrait_4_3"),
        ("flux-pro/v1.1-ultra", "aspect_ratio", "21:9", "flux/dev", "landscape_4_3"),
    ],
)
def test_another_model_keeps_the_shape(
    old: str, name: str, value: str, new: str, expected: str
) -> None:
    form = filled(old, **{name: value}).switched_to(get_model(new))
    assert form.shape_field is not None
    assert form.shape_field.value() == expected


def test_another_model_keeps_the_pictures(picture: Callable[..., bytes]) -> None:
    uri = references.from_upload(picture())
    uploaded = filled("flux-2/edit", upload(picture()))
    for before in (uploaded, filled("flux-2/edit", kept=[uri])):
        form = before.switched_to(get_model("flux/dev/image-to-image"))
        assert form["kept"].value() == [uri]


def test_a_half_filled_composer_has_a_price() -> None:
    form = filled("flux/dev", prompt="", num_images="4", seed="x")
    assert pricing.provider_cost(form.model, form.draft_params) == 4 * 33_000_000
    assert not form.is_valid()


NAMES = [
    *("image_size", "width", "height", "aspect_ratio", "num_images", "seed", "loras"),
    *("num_inference_steps", "guidance_scale", "output_format", "acceleration"),
]
TYPED = st.one_of(
    st.integers(-5, 3000).map(str),
    st.integers(1, 64).map(lambda n: str(n * 32)),
    st.sampled_from(["custom", "square_hd", "16:9", "png", "high", "a/b 1", "2.5", ""]),
    st.text(max_size=8),
)


@given(
    model_id=st.sampled_from([m.id for m in MODELS.values() if not m.reference]),
    typed=st.dictionaries(st.sampled_from(NAMES), TYPED),
)
def test_whatever_is_typed_is_refused_in_the_form_or_right_by_the_vendor(
    problems: Problems, model_id: str, typed: dict[str, str]
) -> None:
    form = filled(model_id, **typed)
    if form.is_valid():
        body = catalog.payload(form.model, "a red fox", form.cleaned_params)
        assert problems(model_id, body) == []
    assert form.errors.keys() <= form.fields.keys()
    assert pricing.provider_cost(form.model, form.draft_params) > 0


def test_a_request_of_the_browser_is_read_as_it_comes() -> None:
    fields = {"team": "northlight", "idempotency_key": str(uuid.uuid4()), "visibility": "team"}
    data = QueryDict(mutable=True)
    data.update({**fields, "model": "flux/dev", "prompt": "a fox\r\nat dawn"})
    form = ComposerForm(data, model=get_model("flux/dev"))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["prompt"] == "a fox\nat dawn"
    assert form.cleaned_params["image_size"] == "landscape_4_3"
