"""The catalog beside what the vendors declare."""

from typing import Any

from generations import catalog
from generations.catalog import MODELS, Model
from generations.parameters import (
    BIGGEST,
    PRESETS,
    Boolean,
    Choice,
    Integer,
    Loras,
    Number,
    Parameter,
    ReferenceImages,
    Size,
)
from tests.generations.recipes import Vendor, defaults, every_model


def test_the_catalog_has_every_model_of_the_vendors_and_no_other(vendor: Vendor) -> None:
    assert MODELS.keys() == vendor.keys()
    assert len(MODELS) == 40


def test_the_five_asked_for_by_name_come_first() -> None:
    assert [model.id for model in MODELS.values() if model.featured] == list(MODELS)[:5]
    assert list(MODELS)[:5] == [
        "flux-realism",
        "flux-pro",
        "flux/dev",
        "blackforestlabs/flux-2",
        "fal-ai/flux-realism",
    ]


def test_what_fal_makes_is_named_after_it() -> None:
    at_fal = {model.id for model in MODELS.values() if model.provider == "fal"}
    assert at_fal == {model_id for model_id in MODELS if model_id.startswith("fal-ai/")}
    assert len({model.name for model in MODELS.values()}) == len(MODELS)


@every_model
def test_a_model_takes_exactly_its_vendors_parameters(model: Model, vendor: Vendor) -> None:
    left_out = vendor[model.id].get("left_out", [])
    assert {*model.parameters, "prompt", *left_out} == vendor[model.id]["params"].keys()
    must = {name for name, p in model.parameters.items() if isinstance(p, ReferenceImages)}
    assert must == {*vendor[model.id]["required"]} - {"model", "prompt"}


@every_model
def test_a_model_has_exactly_its_vendors_bounds_and_values(model: Model, vendor: Vendor) -> None:
    for name, parameter in model.parameters.items():
        declared = vendor[model.id]["params"][name]
        if model.provider == "aimlapi":
            assert bounds(parameter) == declared_bounds(declared), name
        assert values(parameter) == declared_values(declared), name


@every_model
def test_every_default_of_the_vendor_is_sent(model: Model, vendor: Vendor) -> None:
    declared = vendor[model.id]["params"]
    left_out = vendor[model.id].get("left_out", [])
    expected = {
        name: facts["default"]
        for name, facts in declared.items()
        if "default" in facts and name not in left_out
    }
    assert expected.items() <= defaults(model).items()


@every_model
def test_steps_and_guidance_are_sent_because_vendors_differ(model: Model) -> None:
    differing = {"num_inference_steps", "guidance_scale"} & model.parameters.keys()
    assert differing <= defaults(model).keys()


@every_model
def test_a_default_is_a_value_of_its_parameter(model: Model) -> None:
    for parameter in model.parameters.values():
        if parameter.default is not None:
            assert parameter.accept(parameter.default) == parameter.default


@every_model
def test_a_seed_is_sent_only_when_there_is_one(model: Model) -> None:
    assert "seed" not in defaults(model)
    assert "seed" not in defaults(model, seed="")
    assert defaults(model, seed="3959063143")["seed"] == 3959063143


@every_model
def test_what_is_cleaned_stays_as_it_is(model: Model) -> None:
    params = defaults(model)
    assert catalog.clean(model, "a prompt", params) == params


@every_model
def test_a_model_has_room_for_the_vendors_longest_prompt(model: Model, vendor: Vendor) -> None:
    assert model.prompt_max == vendor[model.id]["params"]["prompt"].get("maxLength", 4000)


def bounds(parameter: Parameter) -> tuple[object, object]:
    """The least and the most of a parameter, in the words of JSON schema."""
    match parameter:
        case Integer(maximum=maximum) if maximum == BIGGEST:
            return parameter.minimum, None
        case Integer() | Number() | Size():
            return parameter.minimum, parameter.maximum
        case ReferenceImages(many=True):
            return 1, parameter.maximum
        case ReferenceImages(maximum=1):
            return None, None
        case ReferenceImages() | Loras():
            return None, parameter.maximum
    return None, None


def declared_bounds(schema: dict[str, Any]) -> tuple[object, object]:
    options = schema.get("anyOf", [])
    if options and options[0]["type"] == "object":
        sides = options[0]["properties"].values()
        return min(s["minimum"] for s in sides), max(s["maximum"] for s in sides)
    if options:
        schema = options[1]
    low = schema.get("minimum", schema.get("minItems"))
    return low, schema.get("maximum", schema.get("maxItems"))


def values(parameter: Parameter) -> list[Any] | None:
    match parameter:
        case Choice():
            return list(parameter.values)
        case Size():
            return sorted(PRESETS)
        case Boolean(fixed=bool()) if parameter.label == "Raw":
            return [parameter.fixed]
    return None


def declared_values(schema: dict[str, Any]) -> list[Any] | None:
    options = schema.get("anyOf", [])
    if options and options[0]["type"] == "object":
        return sorted(options[1]["enum"])
    return schema.get("enum")
