"""What of a recipe can be varied, and that each suggestion is one the model takes."""

from generations import catalog, variations
from generations.catalog import Model
from generations.variations import MOST, Variable
from tests.generations.recipes import defaults, every_model


def variables(model: str, **params: object) -> dict[str, Variable]:
    asked = defaults(catalog.get_model(model), **params)
    return {one.name: one for one in variations.variables(model, asked)}


@every_model
def test_every_suggestion_is_another_value_that_the_model_takes(model: Model) -> None:
    asked = defaults(model)

    for variable in variations.variables(model.id, asked):
        assert 1 <= len(variable.suggested) <= MOST
        for value in variable.suggested:
            changed = catalog.clean(model, "A heron", {**asked, variable.name: value})
            assert changed[variable.name] != asked.get(variable.name)


def test_numbers_go_below_and_above_as_far_as_they_may() -> None:
    found = variables("flux/dev", guidance_scale=12, num_inference_steps=4)

    assert found["guidance_scale"].suggested == ("6", "9", "18", "20")
    assert found["num_inference_steps"].suggested == ("2", "3", "6", "8")


def test_choices_are_all_others() -> None:
    found = variables("flux/dev", image_size="square_hd")

    assert found["image_size"].now == "1:1"
    assert "square_hd" not in found["image_size"].choices


def test_what_does_not_show_in_the_picture_is_not_varied() -> None:
    found = variables("flux/srpo")

    assert not found.keys() & {"seed", "num_images", "sync_mode", "output_format"}


def test_a_model_that_is_gone_has_nothing_to_vary() -> None:
    assert variations.variables("flux/0.9", {"guidance_scale": 3}) == []
