"""The same picture asked of another provider."""

from typing import Any

import pytest
from hypothesis import given

from generations import catalog
from generations.catalog import MODELS, Model
from generations.translation import translate
from tests.generations.recipes import ADDRESS, Problems
from tests.generations.strategies import requests
from tests.generations.test_catalog_generated import problems_of

TWINS = [model for model in MODELS.values() if catalog.elsewhere(model)]


def translated(model_id: str, **values: object) -> dict[str, Any] | None:
    model = catalog.get_model(model_id)
    other = catalog.elsewhere(model)
    assert other
    return translate(catalog.clean(model, "A fox", values), model=model, to=other)


@pytest.mark.parametrize("model", TWINS, ids=lambda model: str(model.id))
def test_the_same_model_is_at_another_provider_and_leads_back(model: Model) -> None:
    other = catalog.elsewhere(model)
    assert other is not None
    assert other.provider != model.provider
    assert other.family == model.family
    assert other.prompt_max == model.prompt_max
    assert catalog.elsewhere(other) is model


def test_a_model_of_one_provider_alone_is_nowhere_else() -> None:
    alone = {model.id for model in MODELS.values()} - {model.id for model in TWINS}
    assert alone == {"flux-pro", "fal-ai/flux-2-max/edit"}


@given(request=requests(junk=False))
def test_a_translation_carries_every_choice_and_is_right_by_its_vendor(
    problems: Problems, request: tuple[Model, dict[str, object]]
) -> None:
    model, values = request
    other = catalog.elsewhere(model)
    if other is None:
        return
    params = catalog.clean(model, "A fox", values)
    found = translate(params, model=model, to=other)
    if found is None:
        return
    assert catalog.clean(other, "A fox", found) == found
    assert problems_of(problems, other, found) == []
    lost = params.keys() - other.parameters.keys()
    assert {name: found.get(name) for name in params.keys() - lost} == {
        name: params[name] for name in params.keys() - lost
    }
    assert all(params[name] == model.parameters[name].default for name in lost)
    assert translate(found, model=other, to=model) == params
    # What a role may ask for of the one, it may of the other.
    assert catalog.pixels(other, found)[1] == catalog.pixels(model, params)[1]
    assert found.get("num_images") == params.get("num_images")


def test_what_both_know_goes_over_unchanged() -> None:
    found = translated("flux-realism", num_images=2, seed=5, image_size="square_hd")
    assert found is not None
    assert (found["num_images"], found["seed"], found["image_size"]) == (2, 5, "square_hd")
    assert found["num_inference_steps"] == 50  # AIML API's default, not fal's
    assert found["strength"] == 1  # fal's own


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("fal-ai/flux/dev", {"output_format": "png"}),  # AIML API makes it as it likes
        ("fal-ai/flux-pro/v1.1", {"enhance_prompt": True}),
        ("fal-ai/flux/dev", {"image_size": "528x528"}),  # not on AIML API's grid
        ("flux/schnell", {"num_inference_steps": 20}),
        ("blackforestlabs/flux-2-pro", {"output_format": "webp"}),
        ("flux/kontext-pro/image-to-image", {"image_url": [ADDRESS, ADDRESS]}),
        # Unsaid, the reference decides; at AIML API a default would.
        ("fal-ai/flux-2/edit", {"image_urls": [ADDRESS]}),
    ],
)
def test_what_the_other_would_make_otherwise_is_not_translated(
    model: str, values: dict[str, object]
) -> None:
    assert translated(model, **values) is None


def test_an_edit_goes_over_once_its_size_is_said() -> None:
    found = translated("fal-ai/flux-2/edit", image_urls=[ADDRESS], image_size="square_hd")
    assert found is not None
    assert found["image_urls"] == [ADDRESS]
