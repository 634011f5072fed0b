"""What of a recipe can be varied alone, and which values are worth a look."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from generations import catalog, recipes
from generations.form_fields import FORMATS, SHAPES
from generations.parameters import Boolean, Choice, Integer, Json, Number, Parameter, Size

MOST = 4
# Of nothing that shows in the picture.
NOT_SEEN = {"num_images", "seed", "output_format", "sync_mode", "enable_safety_checker"}
# Of a number, as parts of what it is now.
FACTORS = (0.5, 0.75, 1.5, 2)
BOOLEANS = {"true": "On", "false": "Off"}


@dataclass(frozen=True, slots=True)
class Variable:
    """A parameter to vary. `choices` are its other values with their labels, none of a number."""

    name: str
    label: str
    now: str
    choices: Mapping[str, str]
    suggested: tuple[str, ...]


def variables(model: str, params: Mapping[str, Json]) -> list[Variable]:
    """Of an image that this model was asked for with these; none of a model that is gone."""
    known = catalog.MODELS.get(model)
    found = known.parameters.items() if known else ()
    return [
        variable
        for name, parameter in found
        if name not in NOT_SEEN
        and (variable := _variable(name, parameter, params.get(name, parameter.default)))
    ]


def _variable(name: str, parameter: Parameter, value: Json) -> Variable | None:
    labels = _labels(parameter)
    if labels:
        now = str(value).lower() if isinstance(value, bool) else str(value)
        others = {one: said for one, said in labels.items() if one != now}
        said = labels.get(now) or recipes.in_words(value)
        return Variable(name, parameter.label, said, others, tuple(others)[:MOST])
    if isinstance(parameter, Integer | Number) and isinstance(value, int | float):
        suggested = tuple(dict.fromkeys(_around(parameter, value)))
        return Variable(name, parameter.label, recipes.in_words(value), {}, suggested)
    return None


def _labels(parameter: Parameter) -> Mapping[str, str]:
    match parameter:
        case Boolean(fixed=None):
            return BOOLEANS
        case Size():
            return SHAPES
        case Choice(values=values):
            return {value: FORMATS.get(value, value.capitalize()) for value in values}
    return {}


def _around(parameter: Integer | Number, value: float) -> Iterator[str]:
    """Values below and above, of few digits, as far as the parameter goes."""
    low = value if parameter.minimum is None else parameter.minimum
    high = 2 * value if parameter.maximum is None else parameter.maximum
    for factor in FACTORS:
        near = min(max(value * factor, low), high)
        rounded = round(near) if isinstance(parameter, Integer) else round(near, 2)
        if rounded != value:
            yield f"{rounded:g}"


def chosen(variables: Sequence[Variable], name: str) -> Variable | None:
    """The one of this name, else the first."""
    named = next((one for one in variables if one.name == name), None)
    return named or next(iter(variables), None)
