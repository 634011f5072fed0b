"""Reads a model's input as fal does: when the work begins, so that a mistake is in the result."""

from collections.abc import Mapping

from generations.catalog import Model, UnknownModel, clean, get_model
from generations.parameters import InvalidParameters, Json
from generations.sandbox.fal.problems import FalProblem
from generations.sandbox.orders import Order

PROVIDER = "fal"
REFERENCES = ("image_url", "image_urls")
Uploads = Mapping[str, str]  # address → the same file as a data URI


def find_app(name: str) -> Model:
    try:
        model = get_model(name)
    except UnknownModel:
        model = None
    if model is None or model.provider != PROVIDER:
        raise FalProblem(status=404, detail=f"Application '{name[:100]}' not found")
    return model


def read_order(model: Model, payload: Mapping[str, Json], uploads: Uploads) -> Order:
    """The order in an input; unknown names are ignored. Raises FalProblem as a model does."""
    sent = {name: payload[name] for name in model.parameters if name in payload}
    sent |= {name: _looked_up(sent[name], uploads) for name in REFERENCES if name in sent}
    prompt = payload.get("prompt")
    try:
        params = clean(model, prompt if isinstance(prompt, str) else "", sent)
    except InvalidParameters as error:
        issues = [_issue(name, words, payload) for name, words in error.errors.items()]
        raise FalProblem(status=422, detail=list(issues)) from error
    return Order(model=model, prompt=str(prompt), params=params)


def _looked_up(value: Json, uploads: Uploads) -> Json:
    if isinstance(value, list):
        return [_looked_up(one, uploads) for one in value]
    return uploads.get(value, value) if isinstance(value, str) else value


def _issue(name: str, words: str, payload: Mapping[str, Json]) -> Json:
    """One complaint in the words of fal's validator, which repeats the input."""
    place: list[Json] = ["body", "image_size", name] if name in {"width", "height"} else []
    missing = name not in payload and not place
    return {
        "loc": place or ["body", name],
        "msg": "field required" if missing else words,
        "type": "missing" if missing else "value_error",
        "url": "https://docs.fal.ai/errors/#missing" if missing else "",
        "ctx": {},
        "input": payload.get(name),
    }
