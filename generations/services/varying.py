"""A series of requests that differ in one thing, with everything else as it was for an image."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from accounts.models import User
from generations import catalog, recipes, references, variations
from generations.errors import InvalidRequest
from generations.models import GenerationRequest, Image, Visibility
from generations.parameters import Json
from generations.services import importing, requests, together
from generations.services.together import Part

NOT_THEIRS = "Only whoever made this image can vary it, for its reference image is private."


def plan(image: Image, *, by: User, name: str, values: Sequence[str], key: UUID) -> list[Part]:
    """One image for each value, all with the image's own seed.

    Where it is not known, one is drawn from the key, for all of them. Raises InvalidRequest.
    """
    asked = image.request
    if name not in {one.name for one in variations.variables(asked.model, asked.params)}:
        raise InvalidRequest({"value": "This cannot be varied. Choose something else."})
    if references.named_in(asked.params) and not importing.may_have_pictures(asked, by=by):
        raise InvalidRequest({"value": NOT_THEIRS})
    wanted = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    if not 1 <= len(wanted) <= variations.MOST:
        raise InvalidRequest({"value": f"Give 1 to {variations.MOST} values."})
    seed = recipes.of(image).seed or together.seed(key)
    model = catalog.get_model(asked.model)
    planned: list[Part] = []
    for value in wanted:
        params = _checked(asked, {"num_images": 1, "seed": seed, name: value})
        if all(params != one.params for one in planned):
            planned.append(Part(model, params, uuid5(key, str(params[name]))))
    return planned


def start(
    *,
    by: User,
    image: Image,
    name: str,
    values: Sequence[str],
    idempotency_key: UUID,
    agreed: int,
) -> list[GenerationRequest]:
    """Ask for all of them, or for none. Raises as `plan` and `together.submit` do."""
    return together.submit(
        by=by,
        team=image.team,
        prompt=image.request.prompt,
        parts=plan(image, by=by, name=name, values=values, key=idempotency_key),
        agreed=agreed,
        visibility=Visibility(image.request.visibility),
        made_from=image,
    )


def _checked(asked: GenerationRequest, changes: dict[str, Json]) -> dict[str, Json]:
    """With those of the changes that the model takes."""
    parameters = catalog.get_model(asked.model).parameters
    taken = {name: value for name, value in changes.items() if name in parameters}
    try:
        return requests.check(asked.model, asked.prompt, {**asked.params, **taken})[2]
    except InvalidRequest as error:
        raise InvalidRequest({"value": str(error)}) from error
