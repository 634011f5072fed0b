"""What an image was made of, as text that stays the same wherever it is written.

Version 1 is a JSON object, in the form of RFC 8785: no spaces, keys sorted, numbers as JavaScript
prints them.

    {"darkroom":1,"model":"flux/dev","params":{"guidance_scale":3.5,"image_size":"square_hd"},
     "prompt":"A heron","provider":"aimlapi","seed":"417362335","size":"1024x1024"}

`params` are those the model was asked with, in its provider's own names, without what follows.
`seed` is text, for browsers lose whole numbers beyond 2^53; it and `size`, the picture's in pixels,
are left out where they are not known. A picture that the model worked from is in `references` by
the SHA-256 of its bytes, or of its address: a recipe says which one it was and does not carry it.

A recipe's digest is the SHA-256 of this text. It names what was asked for, not the picture that
came of it: a provider may answer the same recipe with another one.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generations import canonical, catalog, references
from generations.canonical import NotCanonical
from generations.catalog_types import provider_name
from generations.parameters import BIGGEST, Json

if TYPE_CHECKING:
    from generations.models import Image

VERSION = 1
MOST_BYTES = 64 * 1024
SHORT = 12
KEYS = {"darkroom", "model", "params", "prompt", "provider", "references", "seed", "size"}
# Said in a place of their own.
APART = ("seed", "image_url", "image_urls")
DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
SEED = re.compile(r"-?[0-9]{1,19}", re.ASCII)
SIZE = re.compile(r"([1-9][0-9]{0,5})x([1-9][0-9]{0,5})", re.ASCII)


class BadRecipe(ValueError):
    """Not a recipe; the text says why, in the user's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    model: str
    provider: str
    prompt: str
    params: Mapping[str, Json]
    references: tuple[str, ...] = ()
    seed: int | None = None
    size: tuple[int, int] | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(write(self).encode()).hexdigest()

    @property
    def short(self) -> str:
        """The digest as people see it."""
        return self.digest[:SHORT]

    @property
    def model_name(self) -> str:
        """As people know it; as it was asked for where the catalog has it no longer."""
        return catalog.name_of(self.model)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of several recipes side by side, a value for each; empty where it has none."""

    label: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def of(image: "Image") -> Recipe:
    """The image's own: with the seed its provider told, else the one that was asked for."""
    asked = image.request
    params: dict[str, Json] = asked.params
    return Recipe(
        model=asked.model,
        provider=asked.provider,
        prompt=asked.prompt,
        params={name: value for name, value in params.items() if name not in APART},
        references=tuple(map(fingerprint, references.named_in(params))),
        seed=asked_seed(params) if image.seed is None else image.seed,
        size=(image.width, image.height) if image.width and image.height else None,
    )


def asked_seed(params: Mapping[str, Json]) -> int | None:
    seed = params.get("seed")
    return None if seed is None else int(str(seed))


def fingerprint(reference: str) -> str:
    """By what a recipe names a reference image: its bytes, or its address where it has one."""
    data = references.picture(reference)
    return hashlib.sha256(reference.encode() if data is None else data).hexdigest()


def write(recipe: Recipe) -> str:
    """The recipe as its canonical text."""
    said: dict[str, Json] = {
        "darkroom": VERSION,
        "model": recipe.model,
        "params": dict(recipe.params),
        "prompt": recipe.prompt,
        "provider": recipe.provider,
    }
    if recipe.references:
        said["references"] = [*recipe.references]
    if recipe.seed is not None:
        said["seed"] = str(recipe.seed)
    if recipe.size is not None:
        said["size"] = "{}x{}".format(*recipe.size)
    return canonical.write(said)


def read(text: str) -> Recipe:
    """The recipe that the text says. Raises BadRecipe, and UnknownModel where we have it not."""
    said = _said(text)
    version = said.get("darkroom")
    if version is None:
        raise BadRecipe("This is no recipe of Darkroom: it does not say “darkroom”: 1.")
    if type(version) is not int or version != VERSION:
        raise BadRecipe(
            f"This recipe is of version {str(version)[:20]}; this Darkroom reads version {VERSION}."
        )
    strange = sorted(said.keys() - KEYS)
    if strange:
        raise BadRecipe(f"“{strange[0][:60]}” does not belong in a recipe.")
    recipe = Recipe(
        model=_word(said, "model"),
        provider=_word(said, "provider"),
        prompt=_word(said, "prompt"),
        params=_params(said.get("params", {})),
        references=_references(said.get("references", [])),
        seed=_seed(said.get("seed")),
        size=_size(said.get("size")),
    )
    catalog.get_model(recipe.model)
    return recipe


def rows(recipe: Recipe) -> list[tuple[str, str, str]]:
    """Name, label and value of each line of a recipe, as people read it."""
    head = [
        ("prompt", "Prompt", recipe.prompt),
        ("model", "Model", recipe.model_name),
        ("provider", "Provider", provider_name(recipe.provider)),
        ("size", "Size", "{} × {}".format(*recipe.size) if recipe.size else ""),
        ("seed", "Seed", "" if recipe.seed is None else str(recipe.seed)),
        ("references", "Reference images", ", ".join(one[:SHORT] for one in recipe.references)),
    ]
    rest = [
        (name, label(name, recipe.model), in_words(value))
        for name, value in recipe.params.items()
        if name not in {"image_size", "aspect_ratio", "num_images", "sync_mode"}
    ]
    return [row for row in head + rest if row[2]]


def diff(recipes: Sequence[Recipe]) -> list[Row]:
    """The recipes line by line: its label, the value of each, and whether they differ."""
    labels: dict[str, str] = {}
    told: list[dict[str, str]] = []
    for recipe in recipes:
        lines = rows(recipe)
        labels |= {name: said for name, said, _ in lines if name not in labels}
        told.append({name: value for name, _, value in lines})
    return [
        Row(said, tuple(lines.get(name, "") for lines in told)) for name, said in labels.items()
    ]


def label(name: str, model: str = "") -> str:
    """What a parameter is called, at this model or else at any."""
    known = [catalog.MODELS[model]] if model in catalog.MODELS else []
    for one in (*known, *catalog.MODELS.values()):
        if name in one.parameters:
            return one.parameters[name].label
    return name.replace("_", " ").capitalize()


def in_words(value: Json) -> str:
    match value:
        case bool():
            return "On" if value else "Off"
        case list():
            return ", ".join(map(in_words, value))
        case dict():
            return " ".join(map(in_words, value.values()))
        case None:
            return ""
        case _:
            return str(value)


def _said(text: str) -> dict[str, Any]:
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise BadRecipe("A recipe may have at most 64 KB.")
    try:
        return canonical.read(text)
    except NotCanonical as error:
        raise BadRecipe(str(error)) from error


def _word(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise BadRecipe(f"The recipe's {name} must be there, as text.")
    return value


def _params(value: Any) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise BadRecipe("The recipe's params must be a JSON object.")
    for name in APART:
        if name in value:
            raise BadRecipe(f"The recipe's {name} does not belong among its params.")
    return value


def _references(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(one, str) and DIGEST.fullmatch(one) for one in value
    ):
        raise BadRecipe("The recipe's references must be a list of SHA-256 digests.")
    return tuple(value)


def _seed(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str) or not SEED.fullmatch(value) or abs(int(value)) > BIGGEST:
        raise BadRecipe("The recipe's seed must be a whole number in quotes.")
    return int(value)


def _size(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    found = SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise BadRecipe("The recipe's size must be like “1024x768”.")
    return int(found[1]), int(found[2])
