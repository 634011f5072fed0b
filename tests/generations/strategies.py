"""What anybody may give to a model, right or wrong."""

from typing import Any

from hypothesis import strategies as st

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
from tests.generations.recipes import ADDRESS, required


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
