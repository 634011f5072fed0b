"""Parameters that are right for a model, as far as they have to be given."""

from collections.abc import Callable
from typing import Any

import pytest

from generations import catalog
from generations.catalog import MODELS, Model
from generations.parameters import Json, ReferenceImages

ADDRESS = "https://pictures.example/one.png"
Problems = Callable[[str, object], list[str]]
Vendor = dict[str, dict[str, Any]]

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def required(model: Model) -> dict[str, object]:
    return {name: ADDRESS for name, p in model.parameters.items() if isinstance(p, ReferenceImages)}


def defaults(model: Model, **values: object) -> dict[str, Json]:
    return catalog.clean(model, "a prompt", required(model) | values)
