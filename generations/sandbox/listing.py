"""GET /v1/models: the catalog in the vendor's words."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generations.catalog import MODELS, Model
from generations.parameters import Json
from generations.sandbox.orders import PROVIDER
from generations.sandbox.prices import Prices
from generations.sandbox.state import sandbox_of

TYPE = "openai/image-generations"


async def models(request: Request) -> Response:
    """Needs no key."""
    params = request.query_params
    wanted = _sections(params)
    prices = sandbox_of(request).prices
    offered = [model for model in MODELS.values() if prices.offers(model)]
    found = [_model(model, wanted, prices) for model in offered if _matches(model, params)]
    return JSONResponse(
        {"object": "list", "data": found}, headers={"cache-control": "public, max-age=60"}
    )


def _sections(params: QueryParams) -> set[str]:
    asked = _values(params, "include")
    everything = params.get("details") in {"true", "1"} or "all" in asked
    return set(SECTIONS) if everything else asked & set(SECTIONS)


def _values(params: QueryParams, name: str) -> set[str]:
    """Both repeated and separated by commas."""
    return {part.strip() for value in params.getlist(name) for part in value.split(",")}


def _matches(model: Model, params: QueryParams) -> bool:
    """One filter's values are alternatives; all filters given must hold."""
    carried = {
        "id": {model.id, *model.aliases},
        "type": {TYPE},
        "tags": set(),
        "modalities": {"text", "image"},
        "input_modalities": set(_inputs(model)),
        "output_modalities": {"image"},
        "capabilities": set(_capabilities(model)),
    }
    return model.provider == PROVIDER and all(
        values & _values(params, name) for name, values in carried.items() if name in params
    )


def _model(model: Model, sections: set[str], prices: Prices) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "id": model.id,
        "aliases": list(model.aliases),
        "type": TYPE,
        "info": {
            "name": model.name,
            "developer": "Black Forest Labs",
            "description": model.purpose,
            "url": "",
            "docsJson": f"https://api.aimlapi.com/docs-json?model={quote(model.id, safe='')}"
            "&endpoint=/v1/images/generations",
        },
        "tags": [],
    }
    return fields | {
        name: build(model, prices) for name, build in SECTIONS.items() if name in sections
    }


def _modalities(model: Model, _: Prices) -> Json:
    return {"input": list(_inputs(model)), "output": ["image"]}


def _inputs(model: Model) -> list[str]:
    return ["text", "image"] if model.reference else ["text"]


def _capabilities(model: Model) -> list[str]:
    return ["image_to_image"] if model.reference else ["text_to_image"]


SECTIONS: Mapping[str, Callable[[Model, Prices], Json]] = {
    "pricing": lambda model, prices: prices.listed(model),
    "modalities": _modalities,
    "capabilities": lambda model, _: list(_capabilities(model)),
}
