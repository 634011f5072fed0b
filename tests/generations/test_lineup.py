from dataclasses import replace

import pytest

from generations import catalog, lineup
from generations.catalog import Model
from generations.flux_parameters import aspect_ratio
from generations.parameters import PRESETS

COMPARABLE = [model for model in catalog.MODELS.values() if lineup.can_compare(model)]


def without_seed(model: Model) -> Model:
    parameters = {name: one for name, one in model.parameters.items() if name != "seed"}
    return replace(model, parameters=parameters)


@pytest.mark.parametrize("shape", PRESETS)
@pytest.mark.parametrize("model", COMPARABLE, ids=lambda model: model.id)
def test_every_model_takes_every_shape_and_draws_it(model: Model, shape: str) -> None:
    params = catalog.clean(model, "A heron", lineup.asked(model, shape=shape, seed=7))

    width, height = catalog.dimensions(model, params)
    wanted_width, wanted_height = PRESETS[shape]
    assert width / height == pytest.approx(wanted_width / wanted_height, rel=0.03)
    assert params["seed"] == 7
    assert params.get("num_images", 1) == 1


def test_a_model_that_works_from_a_picture_is_not_compared() -> None:
    assert not lineup.can_compare(catalog.get_model("flux/dev/image-to-image"))
    assert len(COMPARABLE) > 10


def test_a_model_without_a_seed_is_asked_for_none_and_says_so() -> None:
    model = without_seed(catalog.get_model("flux/dev"))

    assert "seed" not in lineup.asked(model, shape="square_hd", seed=7)
    assert lineup.gets(model, {"image_size": "square_hd"}) == "1024 × 1024, a seed of its own"


def test_a_shape_that_a_model_does_not_draw_falls_to_the_nearest() -> None:
    few = replace(aspect_ratio(), values=("3:2", "1:1"))

    assert lineup.nearest_ratio(few, "landscape_16_9") == "3:2"
    assert lineup.nearest_ratio(few, "portrait_4_3") == "1:1"
