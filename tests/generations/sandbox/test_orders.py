from collections.abc import Mapping

import pytest

from generations.catalog import MODELS, Model, clean
from generations.parameters import Json
from generations.sandbox.orders import read_order
from generations.sandbox.problems import Problem

SERVED = [model for model in MODELS.values() if model.provider == "aimlapi"]
REFERENCE = "https://example.com/cat.png"


def order(model: str = "flux-realism", /, **values: Json) -> dict[str, Json]:
    return {"model": model, "prompt": "A fox", **values}


def full(model: Model) -> dict[str, Json]:
    needed = {name: [REFERENCE] for name in model.parameters if name.startswith("image_url")}
    return order(model.id, **clean(model, "A fox", needed))


def issues(payload: Mapping[str, Json]) -> list[dict[str, Json]]:
    with pytest.raises(Problem) as caught:
        read_order(payload)
    assert caught.value.status == 400
    assert isinstance(caught.value.data, list)
    return [issue for issue in caught.value.data if isinstance(issue, dict)]


@pytest.mark.parametrize("model", SERVED, ids=lambda model: model.id)
def test_every_model_takes_the_catalogs_own_parameters(model: Model) -> None:
    assert read_order(full(model)).model is model


def test_unknown_keys_are_ignored_as_the_vendor_does() -> None:
    read = read_order(order(n=4, size="512x512", guidance="x"))
    assert read.images == 1
    assert read.size == (1024, 768)


def test_an_alias_orders_the_model() -> None:
    assert read_order(order("flux-2")).model.id == "blackforestlabs/flux-2"


@pytest.mark.parametrize("name", ["flux-3", "", "fal-ai/flux-realism"])
def test_a_model_that_is_not_served_is_not_found(name: str) -> None:
    with pytest.raises(Problem) as caught:
        read_order(order(name))
    assert caught.value.status == 404


def test_a_model_must_be_named() -> None:
    assert issues({"prompt": "A fox"})[0]["path"] == ["model"]


def test_a_choice_that_there_is_not_is_refused_with_the_choices() -> None:
    [issue] = issues(order(output_format="gif"))
    assert issue["code"] == "invalid_enum_value"
    assert issue["options"] == ["jpeg", "png"]
    assert issue["path"] == ["output_format"]


def test_a_side_off_the_grid_is_refused_at_its_place() -> None:
    [issue] = issues(order(image_size={"width": 1000, "height": 768}))
    assert issue["path"] == ["image_size", "width"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_images", "2"),
        ("num_images", 5),
        ("seed", 0),
        ("seed", None),
        ("seed", ""),
        ("image_size", "1024x768"),
        ("image_size", {"width": "1024", "height": 768}),
        ("enable_safety_checker", "true"),
        ("guidance_scale", 21),
    ],
)
def test_a_value_that_json_must_not_hold_is_refused(name: str, value: Json) -> None:
    assert issues(order(**{name: value}))


@pytest.mark.parametrize("prompt", [None, 7, "", "x" * 4001])
def test_a_prompt_must_be_a_text_of_the_right_length(prompt: Json) -> None:
    assert issues(order() | {"prompt": prompt})[0]["path"] == ["prompt"]


def test_an_edit_model_needs_its_picture() -> None:
    [issue] = issues(order("blackforestlabs/flux-2-edit"))
    assert issue["path"] == ["image_urls"]


@pytest.mark.parametrize("value", [REFERENCE, [REFERENCE]])
def test_kontext_takes_one_address_or_a_list(value: Json) -> None:
    assert read_order(order("flux/kontext-pro/image-to-image", image_url=value))
