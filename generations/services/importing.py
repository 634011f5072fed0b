"""A recipe from what somebody has of it: its text, or a file that carries one."""

from dataclasses import dataclass, field

from accounts.models import Team, User
from generations import foreign_recipes, recipes, references
from generations.filters import Filters
from generations.models import GenerationRequest, Image
from generations.recipes import BadRecipe, Recipe
from generations.services import checking

CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A recipe, and what of it could not be had.

    `image` is the one that was made by it, where this person may see it; `recipe.model` is empty
    where it is none of ours.
    """

    recipe: Recipe
    image: Image | None = None
    references: tuple[str, ...] = ()
    left_out: list[str] = field(default_factory=list)


def of_file(data: bytes, *, by: User, team: Team) -> Found:
    """The recipe of one of our images, as its file or a download; else that which the file carries,
    as JSON or inside a picture. Raises BadRecipe and UnknownModel."""
    checked = checking.check(data, by=by)
    if checked.image:
        return of_image(checked.image, by=by)
    if not checked.is_picture:
        return of_text(_decoded(data), by=by, team=team)
    if checked.claims.recipe:
        return of_text(checked.claims.recipe, by=by, team=team)
    foreign = foreign_recipes.read(checked.claims.text)
    if foreign is None:
        raise BadRecipe("This picture does not say how it was made.")
    return Found(foreign.recipe, left_out=foreign.left_out)


def of_image(image: Image, *, by: User) -> Found:
    """The recipe of an image that this person may see."""
    return _with_pictures(recipes.of(image), image, by=by)


def may_have_pictures(asked: GenerationRequest, *, by: User) -> bool:
    """Whether somebody may have what a request worked from: those who see what came of it are
    shown the image alone, for the pictures may be private."""
    return asked.user_id == by.pk


def of_text(text: str, *, by: User, team: Team) -> Found:
    """The recipe that was pasted. Raises BadRecipe and UnknownModel."""
    foreign = None if text.lstrip().startswith("{") else foreign_recipes.read(text)
    if foreign:
        return Found(foreign.recipe, left_out=foreign.left_out)
    recipe = recipes.read(text)
    return _with_pictures(recipe, _made_by(recipe, by=by, team=team), by=by)


def _decoded(data: bytes) -> str:
    if len(data) > recipes.MOST_BYTES:
        raise BadRecipe("This is neither a picture nor a recipe, which has at most 64 KB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRecipe("This is neither a PNG, JPEG or WebP picture nor a recipe.") from error


def _with_pictures(recipe: Recipe, image: Image | None, *, by: User) -> Found:
    """With the pictures that it worked from, which only its own request still has."""
    mine = image and may_have_pictures(image.request, by=by)
    kept = references.named_in(image.request.params) if image and mine else []
    missing = len(recipe.references) - len(kept)
    words = "its reference image" if missing == 1 else f"its {missing} reference images"
    return Found(recipe, image, tuple(kept), [words] if missing > 0 else [])


def _made_by(recipe: Recipe, *, by: User, team: Team) -> Image | None:
    """An image of the team that has this very recipe, found by its seed."""
    wanted = Filters(model=recipe.model, seed=recipe.seed).text(team) if recipe.seed else None
    if wanted is None:
        return None
    seen = Image.objects.visible_to(by).filter(wanted.holds, team=team).select_related("request")
    same = (image for image in seen.order_by("-id")[:CANDIDATES] if recipes.of(image) == recipe)
    return next(same, None)
