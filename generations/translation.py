"""What was asked of one provider's model, said in another's words for the same model."""

from collections.abc import Mapping

from generations.catalog_types import Model
from generations.parameters import InvalidParameters, Json


def translate(params: Mapping[str, Json], *, model: Model, to: Model) -> dict[str, Json] | None:
    """The clean parameters as the other takes them; None where another picture would be made.

    What the other does not know must stand at its default, and it may add nothing to what both
    know.
    """
    lost = {name: value for name, value in params.items() if name not in to.parameters}
    if any(value != model.parameters[name].default for name, value in lost.items()):
        return None
    try:
        given = {name: one.clean(params.get(name)) for name, one in to.parameters.items()}
    except InvalidParameters:
        return None
    both = model.parameters.keys() & to.parameters.keys()
    if any(given[name] != params.get(name) for name in both):
        return None
    return {name: value for name, value in given.items() if value is not None}
