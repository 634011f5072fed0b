"""What one model was asked for, as another takes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generations import recipes
from generations.catalog import Model
from generations.form_fields import SHAPES
from generations.parameters import AspectRatio, InvalidParameters, Json, Parameter, Size
from generations.recipes import Recipe

SHAPE_OF_RATIO = {ratio: shape for shape, ratio in SHAPES.items()}
SIZES = ("image_size", "aspect_ratio")
NEAR = 0.02  # of a shape, so far from its sides in pixels


@dataclass(frozen=True, slots=True)
class Fit:
    """What a model takes of a recipe, by its own names, and in words what it does not."""

    values: dict[str, Json]
    left_out: list[str]


def fit(recipe: Recipe, model: Model, *, only: str = "") -> Fit:
    """The parameters of a recipe for this model: all of them, or the one that is named.

    "size" names whichever the model has for it. References are not among them.
    """
    found = Fit({}, [])
    wanted = {**recipe.params, "seed": None if recipe.seed is None else str(recipe.seed)}
    for name, value in wanted.items():
        if name not in SIZES and value is not None and only in {"", name}:
            _put(found, model, name, [value])
    if only in {"", "size"} and (recipe.size or recipe.params.keys() & set(SIZES)):
        name = next((one for one in SIZES if one in model.parameters), "image_size")
        _put(found, model, name, _sizes(recipe, model.parameters.get(name)))
    return found


def translated(chosen: Mapping[str, Json]) -> dict[str, Json]:
    """Choices by every name that a model may have for them."""
    values = dict(chosen)
    shape, ratio = str(values.get("image_size")), str(values.get("aspect_ratio"))
    if shape in SHAPES:
        values["aspect_ratio"] = SHAPES[shape]
    elif ratio in SHAPE_OF_RATIO:
        values["image_size"] = SHAPE_OF_RATIO[ratio]
    references = values.get("image_urls", values.get("image_url"))
    if references:
        values["image_urls"] = values["image_url"] = references
    return values


def _put(found: Fit, model: Model, name: str, candidates: list[Json]) -> None:
    """The first of the values that the model takes, or the words that say why it takes none."""
    parameter = model.parameters.get(name)
    if parameter is None:
        words = recipes.label(name)
        found.left_out.append(f"{model.name} takes no {words[:1].lower()}{words[1:]}.")
        return
    why = f"{model.name} has no such {parameter.label.lower()}."
    for value in candidates:
        try:
            found.values[name] = parameter.clean(value)
        except InvalidParameters as error:
            why = str(error)
        else:
            return
    found.left_out.append(why)


def _sizes(recipe: Recipe, parameter: Parameter | None) -> list[Json]:
    """What may stand for a recipe's size, best first: what was asked for, then what came of it."""
    asked = translated({name: recipe.params[name] for name in SIZES if name in recipe.params})
    match parameter:
        case Size():
            named = [asked["image_size"]] if "image_size" in asked else []
            return [*named, *_pixels(recipe)]
        case AspectRatio(values=ratios):
            named = [asked["aspect_ratio"]] if "aspect_ratio" in asked else []
            return [*named, *_near(recipe, ratios)]
    return []


def _pixels(recipe: Recipe) -> Iterator[Json]:
    if recipe.size:
        yield dict(zip(("width", "height"), recipe.size, strict=True))


def _near(recipe: Recipe, ratios: tuple[str, ...]) -> Iterator[str]:
    if recipe.size is None:
        return
    width, height = recipe.size
    for ratio in ratios:
        across, down = (int(side) for side in ratio.split(":"))
        if abs(width * down / (height * across) - 1) < NEAR:
            yield ratio
