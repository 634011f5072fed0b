"""One image as its page shows it: the picture, what it was made of, and what it cost."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from generations import catalog, moves
from generations.catalog_types import provider_name
from generations.models import Approval, Image

# Shown elsewhere on the page, or not a choice a person makes.
NOT_ROWS = {
    "image_size",
    "aspect_ratio",
    "seed",
    "num_images",
    "sync_mode",
    "image_url",
    "image_urls",
}


@dataclass(frozen=True, slots=True)
class Inspector:
    image: Image

    @property
    def id(self) -> UUID:
        return self.image.pk

    @property
    def request_id(self) -> UUID:
        return self.image.request_id

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height

    @property
    def aspect(self) -> float:
        """The true shape: unlike on the wall nothing is clamped here."""
        return round(self.image.width / self.image.height, 4)

    @property
    def placeholder(self) -> str:
        return self.image.placeholder

    @property
    def alt(self) -> str:
        return self.image.alt

    @property
    def prompt(self) -> str:
        return self.image.request.prompt

    @property
    def created_at(self) -> datetime:
        return self.image.created_at

    @property
    def author(self) -> User:
        return self.image.author

    @property
    def visibility(self) -> str:
        return self.image.get_visibility_display()

    @property
    def model_name(self) -> str:
        return catalog.get_model(self.image.request.model).name

    @property
    def provider_name(self) -> str:
        return moves.instead(self.image.request) or provider_name(self.image.request.provider)

    @property
    def size_label(self) -> str:
        return f"{self.image.width} × {self.image.height}"

    @property
    def seed(self) -> str:
        """As text: a browser's numbers are not exact beyond 2^53."""
        return "" if self.image.seed is None else str(self.image.seed)

    @property
    def recipe_rows(self) -> list[tuple[str, str]]:
        parameters = catalog.get_model(self.image.request.model).parameters
        return [
            (parameters[name].label, _words(value))
            for name, value in self.image.request.params.items()
            if name in parameters and name not in NOT_ROWS
        ]

    @property
    def cost_microcredits(self) -> int:
        """This image's part of what its request was charged."""
        request = self.image.request
        return request.hold.captured // max(request.arrived, 1)

    @property
    def approval(self) -> Approval | None:
        return getattr(self.image.request, "approval", None)

    @property
    def seconds(self) -> float | None:
        return self.image.attempt.seconds


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "On" if value else "Off"
    if isinstance(value, list):
        return f"{len(value)}"
    return str(value)
