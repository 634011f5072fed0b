"""What can be asked for: the one source of the form, the API, the sandbox and the recipe."""

import difflib
import math
from collections.abc import Mapping
from types import MappingProxyType

from generations import references
from generations.catalog_models import MODELS
from generations.catalog_types import Model, Price, Unit
from generations.parameters import (
    AspectRatio,
    InvalidParameters,
    Json,
    ParameterError,
    Size,
)
from generations.references import MEGAPIXEL

__all__ = [
    "MODELS",
    "InvalidParameters",
    "Model",
    "Price",
    "Unit",
    "UnknownModel",
    "clean",
    "clean_prompt",
    "dimensions",
    "draft",
    "elsewhere",
    "get_model",
    "name_of",
    "payload",
    "pixels",
    "reference_images",
]


class UnknownModel(LookupError):
    """No model has this id or alias; the text is fit for the user."""


ALIASES: Mapping[str, str] = MappingProxyType(
    {alias: model.id for model in MODELS.values() for alias in (model.id, *model.aliases)}
)

_SAME = {model.same_as: model.id for model in MODELS.values() if model.same_as}


def get_model(name: str) -> Model:
    """The model with this id or alias; raises UnknownModel."""
    if name in ALIASES:
        return MODELS[ALIASES[name]]
    near = difflib.get_close_matches(name[:100], ALIASES, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UnknownModel(f"There is no model “{name[:100]}”.{hint}")


def elsewhere(model: Model) -> Model | None:
    """The same model at another provider, if one offers it."""
    return MODELS.get(model.same_as or _SAME.get(model.id, ""))


def name_of(model: str) -> str:
    """The name of the model with this id; the id where it is offered no longer."""
    return MODELS[model].name if model in MODELS else model


def clean_prompt(model: Model, prompt: object) -> str:
    """The prompt as it is sent and kept; raises ParameterError."""
    # Browsers send a line break as two characters, which would count against the limit.
    text = prompt.replace("\r\n", "\n").strip() if isinstance(prompt, str) else ""
    if not text:
        raise ParameterError("Describe the image you want to make.", field="prompt")
    if len(text) > model.prompt_max:
        raise ParameterError(
            f"The prompt has {len(text):,} characters; {model.name} takes at most "
            f"{model.prompt_max:,}.",
            field="prompt",
        )
    # PostgreSQL stores neither NUL nor half of a surrogate pair.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ParameterError("The prompt holds a character that is not text.", field="prompt")
    return text


def clean(model: Model, prompt: str, values: Mapping[str, object]) -> dict[str, Json]:
    """The parameters that go with the prompt: nothing unknown, every default explicit.

    Raises InvalidParameters with everything that is wrong, the prompt included.
    """
    errors = {name: _unknown(model, name) for name in values if name not in model.parameters}
    params: dict[str, Json] = {}
    try:
        clean_prompt(model, prompt)
    except ParameterError as error:
        errors["prompt"] = error.message
    for name, parameter in model.parameters.items():
        try:
            value = parameter.clean(values.get(name))
        except InvalidParameters as error:
            errors |= {field or name: message for field, message in error.errors.items()}
        else:
            if value is not None:
                params[name] = value
    if errors:
        raise InvalidParameters(errors)
    return params


def draft(model: Model, values: Mapping[str, object]) -> dict[str, Json]:
    """The parameters as far as they are right yet, for a price while someone is still typing."""
    params: dict[str, Json] = {}
    for name, parameter in model.parameters.items():
        try:
            value = parameter.clean(values.get(name))
        except InvalidParameters:
            value = parameter.default
        if value is not None:
            params[name] = value
    return params


def payload(model: Model, prompt: str, params: Mapping[str, Json]) -> dict[str, Json]:
    """Exactly what is sent."""
    return {"model": model.id, "prompt": prompt, **params}


def reference_images(model: Model, params: Mapping[str, Json]) -> list[str]:
    """The reference images in the parameters, one or several, always as a list."""
    return references.named_in(params)


def dimensions(model: Model, params: Mapping[str, Json]) -> tuple[int, int]:
    """Width and height to expect, in pixels; the likeliest where the model decides."""
    for name, parameter in model.parameters.items():
        if isinstance(parameter, Size | AspectRatio) and (params.get(name) or parameter.default):
            return parameter.dimensions(params.get(name))
    first = reference_images(model, params)[:1]
    return (references.size(first[0]) if first else None) or (1024, 1024)


def pixels(model: Model, params: Mapping[str, Json]) -> tuple[str, int]:
    """The parameter that says how large an image becomes, and how many pixels it asks for.

    Where only a shape is chosen, that is the area which the model draws it over.
    """
    for name, parameter in model.parameters.items():
        if isinstance(parameter, AspectRatio):
            return name, parameter.area
        if isinstance(parameter, Size):
            return name, math.prod(parameter.dimensions(params.get(name)))
    names = (name for name, one in model.parameters.items() if one is model.reference)
    largest = max(map(_input_pixels, reference_images(model, params)), default=MEGAPIXEL)
    return next(names, "model"), largest


def _input_pixels(reference: str) -> int:
    """Of a picture behind an address nothing is known but what a provider makes of any."""
    size = references.size(reference)
    return math.prod(size) if size else references.MOST_MEGAPIXELS * MEGAPIXEL


def _unknown(model: Model, name: str) -> str:
    if name == "num_images":
        return f"{model.name} makes one image at a time and takes no num_images."
    return f"{model.name} has no parameter “{name[:60]}”. It takes {', '.join(model.parameters)}."
