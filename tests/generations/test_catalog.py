from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations import catalog, references
from generations.catalog import MODELS, InvalidParameters, Model, UnknownModel
from generations.parameters import (
    BIGGEST,
    PRESETS,
    Boolean,
    Choice,
    Integer,
    Json,
    Loras,
    Number,
    Parameter,
    ParameterError,
    ReferenceImages,
    Size,
)

ADDRESS = "https://pictures.example/one.png"
T_REX = "A T-Rex relaxing on a beach, lying on a sun lounger and wearing sunglasses."
Problems = Callable[[str, object], list[str]]
Vendor = dict[str, dict[str, Any]]

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def required(model: Model) -> dict[str, object]:
    return {name: ADDRESS for name, p in model.parameters.items() if isinstance(p, ReferenceImages)}


def defaults(model: Model, **values: object) -> dict[str, Json]:
    return catalog.clean(model, "a prompt", required(model) | values)


def errors(model_id: str, prompt: str = "a prompt", **values: object) -> dict[str, str]:
    model = catalog.get_model(model_id)
    with pytest.raises(InvalidParameters) as caught:
        catalog.clean(model, prompt, required(model) | values)
    return caught.value.errors


def test_the_catalog_has_every_model_of_the_vendors_and_no_other(vendor: Vendor) -> None:
    assert MODELS.keys() == vendor.keys()
    assert len(MODELS) == 21


def test_the_five_asked_for_by_name_come_first() -> None:
    assert [model.id for model in MODELS.values() if model.featured] == list(MODELS)[:5]
    assert list(MODELS)[:5] == [
        "flux-realism",
        "flux-pro",
        "flux/dev",
        "blackforestlabs/flux-2",
        "fal-ai/flux-realism",
    ]


def test_only_the_model_on_fal_cannot_be_called() -> None:
    there = {model.id: model.provider for model in MODELS.values() if not model.callable}
    assert there == {"fal-ai/flux-realism": "fal"}


@every_model
def test_a_model_takes_exactly_its_vendors_parameters(model: Model, vendor: Vendor) -> None:
    assert {*model.parameters, "prompt"} == vendor[model.id]["params"].keys()
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
    expected = {name: facts["default"] for name, facts in declared.items() if "default" in facts}
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
    assert len(models) == 3
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


def taken(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values the parameter promises to take."""
    found: st.SearchStrategy[Any]
    match parameter:
        case Boolean():
            found = st.booleans() if parameter.fixed is None else st.just(parameter.fixed)
        case Choice():
            found = st.sampled_from(parameter.values)
        case Integer():
            found = st.integers(parameter.minimum, parameter.maximum or BIGGEST)
            found |= found.map(str)
        case Number():
            found = st.floats(parameter.minimum, parameter.maximum, allow_nan=False).filter(finite)
        case Size():
            side = st.integers(-(-parameter.minimum // 32), parameter.maximum // 32)
            free = st.tuples(side, side).map(lambda pair: (pair[0] * 32, pair[1] * 32))
            found = st.sampled_from(sorted(PRESETS)) | free.map(lambda wh: f"{wh[0]}x{wh[1]}")
            found |= free.map(lambda wh: {"width": wh[0], "height": wh[1]})
        case ReferenceImages():
            found = st.lists(st.just(ADDRESS), min_size=1, max_size=parameter.maximum)
        case Loras():
            scale = {"scale": st.floats(0, 4)}
            lora = st.fixed_dictionaries({"path": st.just("a/b")}, optional=scale)
            found = st.lists(lora, max_size=parameter.maximum)
    return found


def finite(number: float) -> bool:
    return abs(number) != float("inf")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
KEYS = st.sampled_from(["width", "height", "path", "scale"])
JUNK: st.SearchStrategy[Any] = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(KEYS, SCALARS)
)


def requests(*, junk: bool) -> st.SearchStrategy[tuple[Model, dict[str, object]]]:
    def values_for(model: Model) -> st.SearchStrategy[tuple[Model, dict[str, object]]]:
        each = {name: taken(p) | JUNK if junk else taken(p) for name, p in model.parameters.items()}
        must = required(model)
        chosen = st.fixed_dictionaries(
            {name: each[name] for name in must},
            optional={name: s for name, s in each.items() if name not in must},
        )
        return chosen.map(lambda values: (model, values))

    return st.sampled_from(list(MODELS.values())).flatmap(values_for)


@given(request=requests(junk=False), prompt=st.text(min_size=1, max_size=40))
def test_whatever_a_model_takes_is_right_by_its_vendor(
    problems: Problems, request: tuple[Model, dict[str, object]], prompt: str
) -> None:
    model, given_values = request
    params = catalog.clean(model, f"a fox {prompt.replace(chr(0), '')}", given_values)
    assert problems_of(problems, model, params) == []
    width, height = catalog.dimensions(model, params)
    assert width > 0 < height


@given(request=requests(junk=True))
def test_whatever_else_is_given_is_refused_with_words_or_right_by_its_vendor(
    problems: Problems, request: tuple[Model, dict[str, object]]
) -> None:
    model, given_values = request
    refused: dict[str, str] = {}
    try:
        params = catalog.clean(model, "a prompt", given_values)
    except InvalidParameters as error:
        refused = error.errors
    assert all(refused.values())
    assert refused or problems_of(problems, model, params) == []


@given(request=requests(junk=True))
def test_a_draft_lacks_at_most_its_pictures(request: tuple[Model, dict[str, object]]) -> None:
    model, given_values = request
    draft = catalog.draft(model, given_values)
    assert draft.items() <= catalog.clean(model, "a prompt", required(model) | draft).items()


def problems_of(problems: Problems, model: Model, params: dict[str, Any]) -> list[str]:
    body = catalog.payload(model, "a prompt", params)
    if model.provider == "fal":
        body.pop("model")
    return problems(model.id, body)


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
