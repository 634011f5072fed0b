import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from PIL import Image

DATA = Path(__file__).parents[1] / "data"

Vendor = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def vendor() -> Vendor:
    """What the vendors declare: model id → aliases, required names and parameter schemas."""
    files = [DATA / "flux_models.json", DATA / "fal_models.json"]
    return {
        model_id: facts
        for file in files
        for model_id, facts in json.loads(file.read_text())["models"].items()
    }


@pytest.fixture(scope="session")
def problems(vendor: Vendor) -> Callable[[str, object], list[str]]:
    """What a model's vendor would object to in a payload, stricter than its own validator."""
    validators = {model_id: _validator(model_id, facts) for model_id, facts in vendor.items()}
    return lambda model_id, payload: [
        error.message for error in validators[model_id].iter_errors(payload)
    ]


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    def make(
        size: tuple[int, int] = (64, 48),
        *,
        mode: str = "RGB",
        image_format: str = "PNG",
        **options: object,
    ) -> bytes:
        out = io.BytesIO()
        Image.new(mode, size).save(out, image_format, **options)
        return out.getvalue()

    return make


def _validator(model_id: str, facts: dict[str, Any]) -> Draft202012Validator:
    properties = {**facts["params"], "model": {"const": model_id}}
    if "image_size" in properties:
        properties["image_size"] = _on_the_grid(properties["image_size"])
    return Draft202012Validator(
        {
            "type": "object",
            "properties": properties,
            "required": facts["required"],
            "additionalProperties": False,
        }
    )


def _on_the_grid(schema: dict[str, Any]) -> dict[str, Any]:
    """The vendor's text asks for multiples of 32, its schema does not."""
    free, presets = schema["anyOf"]
    step = schema.get("documented_multiple_of", 1)
    sides = {name: {**side, "multipleOf": step} for name, side in free["properties"].items()}
    return {"anyOf": [{**free, "properties": sides, "additionalProperties": False}, presets]}
