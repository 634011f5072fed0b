"""The pictures of a request as they are shown: those that are there, and what became of others."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from generations.models import DecisionAction, GenerationRequest, Image, ImageStatus


@dataclass(frozen=True, slots=True)
class Tile:
    """`state` is pending, ready, failed, blocked, hidden, trashed or purged; `note` says why one is
    hidden."""

    state: str
    image: Image | None = None
    note: str = ""


def prefetch(requests: Sequence[GenerationRequest]) -> None:
    """All that their tiles are made of; reasons are asked for only where a picture is hidden."""
    prefetch_related_objects(requests, "images")
    images = [image for request in requests for image in request.images.all()]
    prefetch_related_objects([image for image in images if image.hidden_at], "decisions")


def of_images(request: GenerationRequest) -> list[Tile]:
    """One for each image that came."""
    return [_tile(one) for one in sorted(request.images.all(), key=lambda image: image.index)]


def _tile(image: Image) -> Tile:
    if image.hidden_at:
        return Tile("hidden", note=_why_hidden(image))
    if image.status == ImageStatus.STORED:
        return Tile("trashed") if image.trashed_at else Tile("ready", image)
    if image.status == ImageStatus.PURGED:
        return Tile("purged")
    if image.status == ImageStatus.BLOCKED:
        return Tile("blocked")
    return Tile("pending" if image.status == ImageStatus.PENDING else "failed")


def _why_hidden(image: Image) -> str:
    reasons = [one.reason for one in image.decisions.all() if one.action == DecisionAction.HIDE]
    return reasons[0] if reasons else ""
