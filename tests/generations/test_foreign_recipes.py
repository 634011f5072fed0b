"""What other programs write of how a picture was made."""

import pytest

from generations import foreign_recipes, provenance
from generations.provenance import Origin

WEB_UI = """A heron, by a lake
(masterpiece:1.2) <lora:birds:0.8>
Negative prompt: blurry, text
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 3.5, Seed: 417362335, \
Size: 832x1216, Model hash: 7ef4, Model: flux1-dev, Lora hashes: "birds: 12ab, more: 3", \
Version: f2.0.1"""


def test_the_web_uis_text_is_read_as_far_as_there_is_a_place_for_it() -> None:
    found = foreign_recipes.read(WEB_UI)

    assert found
    assert found.recipe.prompt == "A heron, by a lake\n(masterpiece:1.2) <lora:birds:0.8>"
    assert found.recipe.model == "flux/dev"
    assert found.recipe.params == {"num_inference_steps": "28", "guidance_scale": "3.5"}
    assert (found.recipe.seed, found.recipe.size) == (417362335, (832, 1216))
    assert found.left_out == ["negative prompt", "sampler", "schedule type", "lora hashes"]


def test_a_model_that_is_not_ours_is_left_out_by_name() -> None:
    found = foreign_recipes.read("A heron\nSteps: 20, Seed: 7, Size: 512x512, Model: sd_xl_base")

    assert found
    assert found.recipe.model == ""
    assert found.left_out == ["model “sd_xl_base”"]


def test_of_flux_the_guidance_has_a_name_of_its_own() -> None:
    found = foreign_recipes.read("A\nSteps: 20, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 7")

    assert found
    assert found.recipe.params["guidance_scale"] == "3.5"


@pytest.mark.parametrize("prompt", ["A heron", "Steps: one, two\nthree", "灯台"])
def test_our_own_text_is_read_back(prompt: str) -> None:
    params = {"num_inference_steps": 28, "guidance_scale": 3.5}
    origin = Origin(
        prompt=prompt, model="flux/dev", params=params, seed=2**63 - 1, width=64, height=48
    )

    found = foreign_recipes.read(provenance.describe(origin))

    assert found
    assert (found.recipe.prompt, found.recipe.model) == (prompt, "flux/dev")
    assert (found.recipe.seed, found.recipe.size) == (2**63 - 1, (64, 48))
    assert found.left_out == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "A heron",
        "A heron\nSteps: 20",
        "A: 1",
        "{}",
        '"' * 70_000,
        "a:," * 20_000,
        " " * 65_000,
        'a:"' * 20_000,
    ],
)
def test_what_is_no_such_text_is_none(text: str) -> None:
    found = foreign_recipes.read(text)

    assert found is None or found.recipe.prompt == ""


@pytest.mark.parametrize("seed", ["-1", "99999999999999999999", "seven", "9" * 19])
def test_a_seed_that_is_none_is_left_out(seed: str) -> None:
    found = foreign_recipes.read(f"A heron\nSteps: 20, Seed: {seed}, Size: 8x8")

    assert found
    assert found.recipe.seed is None
    assert found.left_out == ["seed"]
