"""The five forms in which the vendor's documents show pictures, and which model has which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from generations.parameters import Json
from generations.sandbox.orders import Order
from generations.sandbox.pictures import FORMATS

CREDITS_PER_USD = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    url: str
    base64: str
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    order: Order
    pictures: Sequence[Picture]
    seed: int
    credits: int | None  # None: the answer does not say what it cost
    received_at: datetime

    @property
    def seconds(self) -> float:
        return round((datetime.now(UTC) - self.received_at).total_seconds(), 4)


def shape_of(model_id: str) -> str:
    """The form of the model's own documentation page."""
    if model_id.startswith("blackforestlabs/"):
        return "B"
    return "C" if model_id.startswith("flux/srpo") else "A"


def body(shape: str, result: Result) -> dict[str, Json]:
    return SHAPES[shape](result)


def _images(result: Result) -> list[Json]:
    width, height = result.order.size
    content_type = FORMATS[result.order.extension]
    return [
        {"url": picture.url, "width": width, "height": height, "content_type": content_type}
        for picture in result.pictures
    ]


def _passed_through(result: Result) -> dict[str, Json]:
    """A: fal's own answer. It says nothing of the cost."""
    return {
        "images": _images(result),
        "timings": {"inference": result.seconds},
        "seed": result.seed,
        "has_nsfw_concepts": [picture.flagged for picture in result.pictures],
        "prompt": result.order.prompt,
    }


def _addresses(result: Result) -> dict[str, Json]:
    """B: addresses alone."""
    return {"data": [{"url": picture.url} for picture in result.pictures], **_tokens(result)}


def _both(result: Result) -> dict[str, Json]:
    """C: the same pictures in two lists."""
    return {**_passed_through(result), "data": _images(result), **_tokens(result)}


def _gateway(result: Result) -> dict[str, Json]:
    """D: the gateway of 2026."""
    return _gateway_data(result, [{"b64_json": None, "url": p.url} for p in result.pictures])


def _inline(result: Result) -> dict[str, Json]:
    """D with the pictures themselves instead of addresses."""
    return _gateway_data(result, [{"b64_json": p.base64, "url": None} for p in result.pictures])


def _gateway_data(result: Result, places: Sequence[dict[str, Json]]) -> dict[str, Json]:
    mime_type: dict[str, Json] = {"mime_type": FORMATS[result.order.extension]}
    usage: dict[str, Json] = {}
    if result.credits is not None:
        usage = {"credits_used": result.credits, "usd_spent": result.credits / CREDITS_PER_USD}
    return {
        "created": int(result.received_at.timestamp() * 1000),
        "data": [mime_type | place for place in places],
        "meta": {"usage": usage or None},
    }


def _legacy(result: Result) -> dict[str, Json]:
    """E: the form of 2024, with the pictures inside."""
    choices: list[Json] = [{"image_base64": picture.base64} for picture in result.pictures]
    return {
        "status": "finished",
        "prompt": [result.order.prompt],
        "model": result.order.model.id,
        "model_owner": "",
        "tags": {},
        "num_returns": len(choices),
        "args": {"model": result.order.model.id, "prompt": result.order.prompt},
        "subjobs": [],
        "output": {"choices": choices},
    }


def _tokens(result: Result) -> dict[str, Json]:
    if result.credits is None:
        return {"meta": {"usage": None}}
    return {"meta": {"usage": {"tokens_used": result.credits}}}


SHAPES: dict[str, Callable[[Result], dict[str, Json]]] = {
    "A": _passed_through,
    "B": _addresses,
    "C": _both,
    "D": _gateway,
    "E": _legacy,
    "b64": _inline,
}
WITH_PICTURES_INSIDE = {"E", "b64"}
