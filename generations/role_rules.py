"""What a role may ask for in one request: what is said about it, and what the composer offers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import RoleLimit
from generations import catalog
from generations.catalog import Model
from generations.form_fields import CUSTOM, PartlyRefused
from generations.parameters import Json, Size
from generations.references import MEGAPIXEL


def refusals(limit: RoleLimit, model: Model, params: Mapping[str, Json]) -> dict[str, str]:
    """Words by the field that asks for too much; none where the role may ask for this."""
    errors = {}
    name, pixels = catalog.pixels(model, params)
    if not limit.allows_size(Decimal(pixels) / MEGAPIXEL):
        errors[name] = limit.size_words
    if not limit.allows_images(int(str(params.get("num_images") or 1))):
        errors["num_images"] = limit.images_words
    return errors


def narrow(form: forms.Form, *, model: Model, limit: RoleLimit) -> list[str]:
    """Let nobody choose in the form what their role may not have; the reasons, in words.

    What was chosen before and may not be any more falls to the nearest choice that is left.
    """
    notes: dict[str, None] = {}
    for name in [name for name in model.parameters if name in form.fields]:
        widget = form.fields[name].widget
        if isinstance(widget, forms.RadioSelect):
            choices = list(widget.choices)
            reasons = _reasons(limit, model, name, [str(value) for value, _ in choices])
            notes |= dict.fromkeys(reasons.values())
            refused = reasons.keys() - {CUSTOM}
            form.fields[name].widget = PartlyRefused(choices, refused)
            form.initial[name] = _nearest(
                form.get_initial_for_field(form.fields[name], name),
                [value for value, _ in choices],
                refused,
            )
    return list(notes)


def _reasons(limit: RoleLimit, model: Model, name: str, values: list[str]) -> dict[str, str]:
    """Each choice that the role may not make, or not wholly, and why."""
    found = {}
    for value in values:
        size = model.parameters[name]
        asked: object = value
        if value == CUSTOM and isinstance(size, Size):
            asked = {"width": size.maximum, "height": size.maximum}
        words = refusals(limit, model, catalog.draft(model, {name: asked})).get(name)
        if words:
            found[value] = words
    return found


def _nearest(chosen: Any, values: list[Any], refused: set[str]) -> Any:
    """The choice itself, or the one next to it that may be made, if any."""
    shown = [str(value) for value in values]
    left = [value for value in values if str(value) not in refused and value != CUSTOM]
    if str(chosen) not in refused or not left:
        return chosen
    place = shown.index(str(chosen))
    return min(left, key=lambda value: abs(shown.index(str(value)) - place))
