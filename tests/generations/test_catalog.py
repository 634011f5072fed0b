from collections.abc import Callable

import pytest

from generations import catalog, references
from generations.catalog import MODELS, InvalidParameters, UnknownModel
from generations.parameters import Json, ParameterError
from tests.generations.recipes import Vendor, defaults, required

T_REX = "A T-Rex relaxing on a beach, lying on a sun lounger and wearing sunglasses."


def errors(model_id: str, prompt: str = "a prompt", **values: object) -> dict[str, str]:
    model = catalog.get_model(model_id)
    with pytest.raises(InvalidParameters) as caught:
        catalog.clean(model, prompt, required(model) | values)
    return caught.value.errors


def test_a_model_answers_to_its_aliases(vendor: Vendor) -> None:
    for model_id, facts in vendor.items():
        for name in [model_id, *facts["aliases"]]:
            assert catalog.get_model(name).id == model_id


def test_an_unknown_model_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownModel, match=r"no model “flux-relism”. Did you mean flux-realism\?"):
        catalog.get_model("flux-relism")
    with pytest.raises(UnknownModel, match=r"There is no model “dall-e-3”.$"):
        catalog.get_model("dall-e-3")


@pytest.mark.parametrize(
    ("example", "explicit"),
    [
        (
            {"model": "flux-realism", "image_size": {"width": 1472, "height": 512}},
            {
                "num_images": 1,
                "num_inference_steps": 50,
                "guidance_scale": 3.5,
                "enable_safety_checker": True,
                "output_format": "jpeg",
            },
        ),
        (
            {"model": "flux-pro", "image_size": {"width": 1024, "height": 320}},
            {
                "num_images": 1,
                "num_inference_steps": 50,
                "guidance_scale": 3.5,
                "safety_tolerance": "2",
                "output_format": "jpeg",
            },
        ),
        (
            {"model": "flux/dev"},
            {
                "image_size": "landscape_4_3",
                "num_images": 1,
                "num_inference_steps": 50,
                "guidance_scale": 3.5,
                "enable_safety_checker": True,
            },
        ),
        (
            {"model": "blackforestlabs/flux-2", "image_size": {"width": 1472, "height": 512}},
            {
                "num_images": 1,
                "num_inference_steps": 28,
                "guidance_scale": 2.5,
                "enable_prompt_expansion": True,
                "acceleration": "regular",
                "enable_safety_checker": True,
                "output_format": "png",
            },
        ),
        (
            {"model": "fal-ai/flux-realism"},
            {
                "image_size": "landscape_4_3",
                "num_inference_steps": 28,
                "guidance_scale": 3.5,
                "num_images": 1,
                "enable_safety_checker": True,
                "strength": 1,
                "output_format": "jpeg",
                "sync_mode": False,
            },
        ),
    ],
    ids=lambda part: part.get("model", "explicit"),
)
def test_the_vendors_quick_example_is_sent_with_its_defaults_said_aloud(
    example: dict[str, Json], explicit: dict[str, Json]
) -> None:
    given_values = {name: value for name, value in example.items() if name != "model"}
    model = catalog.get_model(str(example["model"]))
    params = catalog.clean(model, T_REX, given_values)
    assert catalog.payload(model, T_REX, params) == {"prompt": T_REX, **example, **explicit}


def test_pictures_never_come_inside_the_answer() -> None:
    models = [model for model in MODELS.values() if "sync_mode" in model.parameters]
    assert {model.id for model in models} >= {one for one in MODELS if one.startswith("fal-ai/")}
    assert all(defaults(model)["sync_mode"] is False for model in models)
    assert errors("flux/srpo", sync_mode=True) == {"sync_mode": "Sync mode can only be false."}


def test_a_parameter_of_another_model_is_refused_by_name() -> None:
    message = errors("flux/dev", safety_tolerance="2", n=2)
    assert message["safety_tolerance"].startswith(
        "FLUX.1 [dev] has no parameter “safety_tolerance”. It takes num_images, seed, "
    )
    assert "has no parameter “n”" in message["n"]


@pytest.mark.parametrize(
    "model_id", ["flux-2-max", "flux-2-pro/edit", "blackforestlabs/flux-2-pro"]
)
def test_a_model_without_a_count_makes_one_image(model_id: str) -> None:
    assert catalog.get_model(model_id).max_images == 1
    assert "makes one image at a time" in errors(model_id, num_images=2)["num_images"]


@pytest.mark.parametrize("count", [0, 5, "many"])
def test_a_count_the_model_cannot_make_is_refused(count: object) -> None:
    assert catalog.get_model("flux-realism").max_images == 4
    assert errors("flux-realism", num_images=count) == {
        "num_images": "Number of images must be a whole number between 1 and 4."
    }


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = errors("flux-pro", prompt=" ", seed=0, image_size="100x100", output_format="gif", n=1)
    assert found.keys() == {"prompt", "seed", "width", "height", "output_format", "n"}


def test_a_model_that_edits_asks_for_its_picture() -> None:
    found = errors("flux-2/edit", image_urls=[])
    assert found == {
        "image_urls": "Add 1 to 3 reference images: this model works from pictures.",
    }


@pytest.mark.parametrize("prompt", ["", "   ", "\r\n\t", None, 7])
def test_an_empty_prompt_is_refused(prompt: object) -> None:
    with pytest.raises(ParameterError, match="Describe the image you want to make"):
        catalog.clean_prompt(MODELS["flux/dev"], prompt)


def test_a_prompt_is_kept_without_its_edges_and_browser_line_breaks() -> None:
    assert catalog.clean_prompt(MODELS["flux/dev"], "  a\r\nfox \n") == "a\nfox"
    longest = "x\r\n" * 2000
    assert len(catalog.clean_prompt(MODELS["flux/dev"], longest)) == 3999


def test_a_prompt_over_the_limit_says_by_how_much() -> None:
    assert catalog.clean_prompt(MODELS["flux/dev"], "x" * 4000)
    with pytest.raises(ParameterError) as caught:
        catalog.clean_prompt(MODELS["flux/dev"], "x" * 4001)
    assert str(caught.value) == (
        "The prompt has 4,001 characters; FLUX.1 [dev] takes at most 4,000."
    )


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_a_prompt_that_cannot_be_stored_is_refused(character: str) -> None:
    with pytest.raises(ParameterError, match="not text"):
        catalog.clean_prompt(MODELS["flux/dev"], f"a {character} fox")


def test_a_draft_keeps_what_is_right_and_defaults_the_rest() -> None:
    typed = {"image_size": "800x", "num_images": "3", "seed": "x", "n": 1}
    draft = catalog.draft(MODELS["flux/dev"], typed)
    assert draft == {**defaults(MODELS["flux/dev"]), "num_images": 3}
    assert "image_urls" not in catalog.draft(catalog.get_model("flux-2/edit"), {})


@pytest.mark.parametrize(
    ("model_id", "values", "expected"),
    [
        ("flux/dev", {}, (1024, 768)),
        ("flux/dev", {"image_size": "portrait_16_9"}, (576, 1024)),
        ("flux/dev", {"image_size": "1472x512"}, (1472, 512)),
        ("flux-pro/v1.1-ultra", {}, (2752, 1536)),
        ("flux/kontext-pro/text-to-image", {"aspect_ratio": "1:1"}, (1024, 1024)),
        ("flux/dev/image-to-image", {}, (1024, 1024)),
    ],
)
def test_the_dimensions_to_expect(
    model_id: str, values: dict[str, object], expected: tuple[int, int]
) -> None:
    model = catalog.get_model(model_id)
    assert catalog.dimensions(model, defaults(model, **values)) == expected


def test_an_image_from_an_uploaded_picture_has_its_size(picture: Callable[..., bytes]) -> None:
    model = MODELS["flux/dev/image-to-image"]
    uri = references.from_upload(picture((640, 480)))
    assert catalog.dimensions(model, defaults(model, image_url=uri)) == (640, 480)
