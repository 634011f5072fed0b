"""One image as its page shows it: the picture, what it was made of, and what it cost."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from accounts.models import User
from generations import catalog, moves, recipes
from generations.models import Approval, Image
from generations.recipes import Recipe

# Rows whose value cannot be taken by itself.
FIXED_ROWS = ("provider", "references")


@dataclass(frozen=True)
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
        return self.image.shape

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
        return self.recipe.model_name

    @cached_property
    def recipe(self) -> Recipe:
        return recipes.of(self.image)

    @property
    def recipe_text(self) -> str:
        return recipes.write(self.recipe)

    @property
    def recipe_rows(self) -> list[tuple[str, str, str]]:
        """Name, label and value of all but the prompt; no name where it cannot be taken alone."""
        return [
            ("" if name in FIXED_ROWS else name, label, self._instead(name) or value)
            for name, label, value in recipes.rows(self.recipe)
            if name != "prompt"
        ]

    def _instead(self, name: str) -> str:
        return moves.instead(self.image.request) if name == "provider" else ""

    @property
    def takes_seed(self) -> bool:
        """Whether the same request can be made again with this image's seed."""
        model = catalog.MODELS.get(self.recipe.model)
        return self.recipe.seed is not None and model is not None and "seed" in model.parameters

    @property
    def cost_microcredits(self) -> int:
        """This image's part of what its request cost the team."""
        request = self.image.request
        return request.hold.cost // max(request.arrived, 1)

    @property
    def approval(self) -> Approval | None:
        return getattr(self.image.request, "approval", None)

    @property
    def seconds(self) -> float | None:
        return self.image.attempt.seconds
