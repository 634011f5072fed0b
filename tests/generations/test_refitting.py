"""What of one model's recipe another model takes, and what is said of the rest."""

from typing import Any

import pytest

from generations import refitting
from generations.catalog import MODELS, get_model
from generations.recipes import Recipe
from tests.generations.recipes import defaults, every_model


def recipe(size: tuple[int, int] | None = None, seed: int | None = None, **params: Any) -> Recipe:
    return Recipe(model="", provider="", prompt="A heron", params=params, seed=seed, size=size)


@every_model
def test_a_model_takes_all_of_its_own(model: Any) -> None:
    asked: dict[str, Any] = {
        name: value for name, value in defaults(model).items() if not name.startswith("image_url")
    }

    found = refitting.fit(recipe(seed=7, **asked), model)

    assert found.left_out == []
    assert found.values == {**asked, "seed": 7}


def test_what_a_model_does_not_take_is_said() -> None:
    high = refitting.fit(recipe(guidance_scale=99), get_model("flux/dev"))

    pro = MODELS["blackforestlabs/flux-2-max"]
    assert refitting.fit(recipe(num_inference_steps=28), pro).left_out == [
        "FLUX.2 [max] takes no steps."
    ]
    assert high.left_out == ["Guidance must be a number between 1 and 20."]
    assert high.values == {}


def test_one_value_comes_alone() -> None:
    whole = recipe(
        (1024, 768), 7, num_inference_steps=28, guidance_scale=3.5, image_size="square_hd"
    )
    dev = get_model("flux/dev")

    assert refitting.fit(whole, dev, only="guidance_scale").values == {"guidance_scale": 3.5}
    assert refitting.fit(whole, dev, only="seed").values == {"seed": 7}
    assert refitting.fit(whole, dev, only="size").values == {"image_size": "square_hd"}
    assert refitting.fit(whole, dev, only="nothing").values == {}


def test_a_seed_is_exact() -> None:
    found = refitting.fit(recipe(seed=2**63 - 1), get_model("flux/dev"))

    assert found.values == {"seed": 2**63 - 1}


@pytest.mark.parametrize(
    ("asked", "model", "values"),
    [
        ({"image_size": "portrait_16_9"}, "flux-pro/v1.1-ultra", {"aspect_ratio": "9:16"}),
        ({"aspect_ratio": "4:3"}, "flux/dev", {"image_size": "landscape_4_3"}),
        ({"size": (1344, 768)}, "flux/dev", {"image_size": {"width": 1344, "height": 768}}),
        ({"size": (832, 1248)}, "flux-pro/v1.1-ultra", {"aspect_ratio": "2:3"}),
        (
            {"image_size": {"width": 768, "height": 1024}},
            "flux-pro",
            {"image_size": {"width": 768, "height": 1024}},
        ),
        (
            {"aspect_ratio": "21:9", "size": (1536, 640)},
            "flux/dev",
            {"image_size": {"width": 1536, "height": 640}},
        ),
    ],
)
def test_a_size_is_what_each_model_calls_it(
    asked: dict[str, Any], model: str, values: dict[str, Any]
) -> None:
    found = refitting.fit(recipe(**asked), get_model(model), only="size")

    assert found.values == values
    assert found.left_out == []


def test_a_size_that_cannot_be_had_is_said() -> None:
    odd = refitting.fit(recipe((1000, 333)), get_model("flux/dev"), only="size")
    strange = refitting.fit(recipe((100, 90)), get_model("flux-pro/v1.1-ultra"), only="size")

    assert "multiple of 32" in odd.left_out[0]
    assert strange.left_out == ["FLUX1.1 [pro] Ultra has no such aspect ratio."]
