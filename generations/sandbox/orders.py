"""Reads a POST as the vendor does: unknown keys are ignored, known ones checked as on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass

from generations.catalog import Model, UnknownModel, clean, dimensions, get_model
from generations.parameters import Choice, InvalidParameters, Json, ReferenceImages
from generations.sandbox.pictures import LONGEST_SIDE
from generations.sandbox.problems import Problem

PROVIDER = "aimlapi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be drawn."""

    model: Model
    prompt: str
    params: dict[str, Json]

    @property
    def images(self) -> int:
        return int(str(self.params.get("num_images", 1)))

    @property
    def extension(self) -> str:
        return str(self.params.get("output_format", "jpeg"))

    @property
    def size(self) -> tuple[int, int]:
        """As expected by whoever ordered; an edit of a huge picture gives a smaller one."""
        width, height = dimensions(self.model, self.params)
        return min(width, LONGEST_SIDE), min(height, LONGEST_SIDE)


def read_order(payload: Mapping[str, Json]) -> Order:
    """The order in a POST's body; raises Problem."""
    model = find_model(payload.get("model"))
    prompt = payload.get("prompt")
    sent = {name: payload[name] for name in model.parameters if name in payload}
    issues: dict[str, Json] = {}
    if not isinstance(prompt, str):
        issues["prompt"] = _wrong_type("prompt", "string", prompt)
        prompt = "-"
    try:
        params = clean(model, prompt, sent)
    except InvalidParameters as error:
        issues |= {
            field: _issue(model, field, words, sent) for field, words in error.errors.items()
        }
        params = {}
    else:
        issues |= _not_as_on_the_wire(model, sent, params)
    if issues:
        raise Problem(status=400, data=list(issues.values()))
    return Order(model=model, prompt=prompt, params=params)


def find_model(name: Json) -> Model:
    if not isinstance(name, str):
        raise Problem(status=400, data=[_wrong_type("model", "string", name)])
    unknown = Problem(status=404, message=f"Model '{name[:100]}' not found")
    try:
        model = get_model(name)
    except UnknownModel as error:
        raise unknown from error
    if model.provider != PROVIDER:
        raise unknown
    return model


def _issue(model: Model, field: str, words: str, sent: Mapping[str, Json]) -> Json:
    """One issue in the words of the vendor's validator."""
    path: list[Json] = ["image_size", field] if field in {"width", "height"} else [field]
    parameter = model.parameters.get(field)
    value = sent.get(field)
    if isinstance(parameter, Choice) and isinstance(value, str):
        options = " | ".join(f"'{option}'" for option in parameter.values)
        return {
            "received": value,
            "code": "invalid_enum_value",
            "options": list(parameter.values),
            "path": path,
            "message": f"Invalid enum value. Expected {options}, received '{value}'",
        }
    return {"code": "custom", "path": path, "message": words}


def _not_as_on_the_wire(
    model: Model, sent: Mapping[str, Json], params: Mapping[str, Json]
) -> dict[str, Json]:
    """What a form may hold but JSON must not: "4" for 4, "1024x768", null, an empty string."""
    return {
        name: _wrong_type(name, _kind(params.get(name)), value)
        for name, value in sent.items()
        if not isinstance(model.parameters[name], ReferenceImages)
        and not _same(value, params.get(name))
    }


def _same(sent: Json, taken: Json) -> bool:
    if isinstance(sent, dict) and isinstance(taken, dict):
        return all(_same(value, taken.get(name)) for name, value in sent.items())
    return _kind(sent) == _kind(taken) and sent == taken and sent is not None


def _wrong_type(name: str, expected: str, value: Json) -> Json:
    received = _kind(value)
    return {
        "code": "invalid_type",
        "expected": expected,
        "received": received,
        "path": [name],
        "message": f"Expected {expected}, received {received}",
    }


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
