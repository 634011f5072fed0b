"""The composer filled with what there is: a recipe, a part of one, a picture, or what was chosen
last time. The address says which, and the form carries on what its images will be made from."""

import uuid
from typing import Any

from accounts.access import TeamRequest
from accounts.services import role_limits
from generations import catalog, recipes, refitting
from generations.errors import StorageUnavailable, UnusableImage
from generations.forms import ComposerForm
from generations.models import GenerationRequest, Image
from generations.recipes import Recipe
from generations.references import BadReference
from generations.services import downloads, importing, providers
from generations.services.importing import Found
from generations.views import composing

REFERENCES = ("image_url", "image_urls")
TAKEN = "{} taken from the image."
SAME_SEED = "The same recipe with the same seed, {}."
NEW_SEED = "The same recipe; its seed will be a new one."


def fresh(request: TeamRequest) -> ComposerForm:
    """A composer filled with what the address asks for, else with what was chosen last time."""
    reused = _image(request, "reuse")
    if reused and "only" in request.GET:
        form = _with_one_value(_remembered(request), reused, request.GET["only"])
    elif reused:
        form = _whole(request, reused)
    else:
        form = _edited(request) or _remembered(request)
    picked = _image(request, "reference")
    return with_reference(form, picked) if picked else form


def with_reference(form: ComposerForm, image: Image) -> ComposerForm:
    """The same with this image as a reference, for the first model that takes one if this does not.

    Without it, where its file cannot be had.
    """
    takes = form.model if form.model.reference else _takes_references()
    try:
        form = form.switched_to(takes, added=downloads.reference(image))
    except (BadReference, FileNotFoundError, StorageUnavailable, UnusableImage):
        return form
    return form.filled({"made_from": image.pk})


def with_recipe(form: ComposerForm, found: Found, *, source: str) -> ComposerForm:
    """The same with a recipe that was brought along, for its model if it is one of ours."""
    recipe = found.recipe
    model = catalog.get_model(recipe.model) if recipe.model else form.model
    fit = refitting.fit(recipe, model)
    pictures = {name: [*found.references] for name in REFERENCES if found.references}
    values = {
        "team": form["team"].value(),
        "visibility": form["visibility"].value(),
        "prompt": recipe.prompt,
        "made_from": found.image.pk if found.image else "",
        **fit.values,
        **pictures,
    }
    seed = fit.values.get("seed")
    told = [f"Recipe taken from {source}: {model.name}{f', seed {seed}' if seed else ''}."]
    told += _not_taken(found)
    blank = ComposerForm(model=model, limit=form.limit)
    return blank.filled(values, told=[*told, *fit.left_out])


def made_from(request: TeamRequest) -> Image | None:
    """The image that the form says its images are made from, if this person may see it."""
    return _seen(request, request.POST.get("made_from", ""))


def _whole(request: TeamRequest, image: Image) -> ComposerForm:
    """The recipe of an image as it was asked for, or with its seed kept, or without."""
    found = importing.of_image(image, by=request.user)
    if found.recipe.model not in catalog.MODELS:
        return _of_a_model_that_is_gone(request, found.recipe)
    missing = _not_taken(found)
    form = _again(request, image.request).filled({"made_from": image.pk}, told=missing)
    if request.GET.get("vary") == "seed":
        return form.filled({"seed": ""}, told=[NEW_SEED, *missing])
    if request.GET.get("keep") == "seed":
        fit = refitting.fit(found.recipe, form.model, only="seed")
        kept = [SAME_SEED.format(seed) for seed in fit.values.values()]
        return form.filled(fit.values, told=[*(kept or fit.left_out), *missing])
    return form


def _not_taken(found: Found) -> list[str]:
    return [f"Not taken: {', '.join(found.left_out)}."] if found.left_out else []


def _with_one_value(form: ComposerForm, image: Image, name: str) -> ComposerForm:
    recipe = recipes.of(image)
    if name == "prompt":
        return _focused(form.filled({name: recipe.prompt}, told=[TAKEN.format("Prompt")]), name)
    if name == "model":
        known = catalog.MODELS.get(recipe.model)
        if known is None:
            return form.filled({}, told=[_gone(recipe)])
        return form.switched_to(known).filled({}, told=[TAKEN.format("Model")])
    fit = refitting.fit(recipe, form.model, only=name)
    taken = [TAKEN.format(recipes.label(one)) for one in fit.values]
    return _focused(form.filled(fit.values, told=taken or fit.left_out), name)


def _focused(form: ComposerForm, name: str) -> ComposerForm:
    if name in form.fields:
        form.fields[name].widget.attrs["autofocus"] = True
        form.shows_all = name in form.model.parameters and name not in refitting.SIZES
    return form


def _of_a_model_that_is_gone(request: TeamRequest, recipe: Recipe) -> ComposerForm:
    form = _remembered(request)
    fit = refitting.fit(recipe, form.model)
    values = {**fit.values, "prompt": recipe.prompt}
    return form.filled(values, told=[_gone(recipe), *fit.left_out])


def _gone(recipe: Recipe) -> str:
    return f"{recipe.model} is no longer offered, so this is for another model."


def _edited(request: TeamRequest) -> ComposerForm | None:
    """The recipe of the request behind `?edit=<request id>`, if it is theirs."""
    asked = _id(request.GET.get("edit", ""))
    mine = GenerationRequest.objects.visible_to(request.user)
    found = mine.filter(pk=asked, model__in=catalog.MODELS).first() if asked else None
    if found is None:
        return None
    return _again(request, found).filled({"made_from": found.made_from_id or ""})


def _again(request: TeamRequest, asked: GenerationRequest) -> ComposerForm:
    theirs = importing.may_have_pictures(asked, by=request.user)
    params = asked.params if theirs else _without(asked.params, *REFERENCES)
    values = {**params, "prompt": asked.prompt, "visibility": asked.visibility}
    return _composer(request, catalog.get_model(asked.model), values)


def _remembered(request: TeamRequest) -> ComposerForm:
    mine = GenerationRequest.objects.visible_to(request.user)
    last = mine.filter(model__in=catalog.MODELS).order_by("-id").first()
    prompt = {"prompt": request.GET.get("prompt", "")}
    if last is None:
        return _composer(request, composing.first_model(), prompt)
    values = {**_settings(last.params), **prompt, "visibility": last.visibility}
    asked = catalog.MODELS.get(last.moved_from) or catalog.get_model(last.model)
    return _composer(request, asked, values)


def _composer(request: TeamRequest, model: catalog.Model, values: dict[str, Any]) -> ComposerForm:
    limit = role_limits.of_member(request.membership)
    initial = {**values, "team": request.team.slug}
    return ComposerForm(model=model, limit=limit, initial=initial)


def _settings(params: dict[str, Any]) -> dict[str, Any]:
    """Settings are remembered between visits; one picture's seed is not a setting."""
    return _without(params, "seed", *REFERENCES)


def _without(params: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in names}


def _takes_references() -> catalog.Model:
    return next(model for model in providers.callable_models() if model.reference)


def _image(request: TeamRequest, name: str) -> Image | None:
    """The image that the address names so, if this person may see it."""
    return _seen(request, request.GET.get(name, ""))


def _seen(request: TeamRequest, text: str) -> Image | None:
    wanted = _id(text)
    shown = Image.objects.visible_to(request.user).select_related("request")
    return shown.filter(pk=wanted).first() if wanted else None


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
