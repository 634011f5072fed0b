"""What each model of a comparison is asked for: one shape and one seed, in its own terms."""

import math
from collections.abc import Mapping
from operator import truediv

from generations import catalog
from generations.catalog import Model
from generations.parameters import PRESETS, AspectRatio, Json, Size


def can_compare(model: Model) -> bool:
    """Whether a prompt is all that it needs."""
    return model.reference is None


def takes_seed(model: Model) -> bool:
    return "seed" in model.parameters


def asked(model: Model, *, shape: str, seed: int | None) -> dict[str, Json]:
    """One image of a preset's shape, as this model says it; all else is at its defaults."""
    values: dict[str, Json] = {}
    for name, parameter in model.parameters.items():
        match parameter:
            case Size():
                values[name] = shape
            case AspectRatio():
                values[name] = nearest_ratio(parameter, shape)
    if seed is not None and takes_seed(model):
        values["seed"] = seed
    return values


def nearest_ratio(parameter: AspectRatio, shape: str) -> str:
    """Of the ratios that the model draws, the one closest to the preset's."""
    wanted = math.log(truediv(*PRESETS[shape]))

    def off(ratio: str) -> float:
        return abs(math.log(truediv(*map(int, ratio.split(":")))) - wanted)

    return min(parameter.values, key=off)


def gets(model: Model, params: Mapping[str, Json]) -> str:
    """How large a picture comes of it, in words."""
    width, height = catalog.dimensions(model, params)
    words = f"{width} × {height}"
    return words if takes_seed(model) else f"{words}, a seed of its own"
