"""The composer: a form drawn from a model's parameters and checked by the catalog alone."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Self

from django import forms
from django.forms.boundfield import BoundField
from django.utils.datastructures import MultiValueDict

from accounts.models import RoleLimit
from generations import catalog, form_fields, references, refitting, role_rules
from generations.catalog import Model
from generations.form_fields import CUSTOM
from generations.parameters import PRESETS, InvalidParameters, Json
from generations.services import providers

# By whatever model.
KEPT = ("team", "made_from", "prompt", "visibility")


class ComposerForm(forms.Form):
    """What a person fills in to make images with one model.

    `initial` speaks the catalog's language: a prompt and the parameters of a recipe.
    After `is_valid()`, `cleaned_params` is what goes with `cleaned_data["prompt"]`.
    """

    use_required_attribute = False  # the model menu submits the form half-filled

    team = forms.CharField(widget=forms.HiddenInput)
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    # An image's id; what is none, or not theirs to see, counts as nothing.
    made_from = forms.Field(required=False, widget=forms.HiddenInput)
    prompt = forms.Field(
        label="Prompt",
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 2, "placeholder": "Describe the image you want to make", "data-key": "/"}
        ),
    )
    visibility = forms.ChoiceField(
        label="Visible to",
        choices=[("team", "The team"), ("private", "Only me")],
        initial="team",
        widget=forms.RadioSelect,
    )

    def __init__(
        self,
        data: MultiValueDict[str, Any] | None = None,
        files: MultiValueDict[str, Any] | None = None,
        *,
        model: Model,
        limit: RoleLimit | None = None,
        initial: Mapping[str, Any] | None = None,
        prefix: str | None = None,
    ) -> None:
        start = _drawn(initial or {}) | {"model": model.id}
        super().__init__(data, files, initial=start, prefix=prefix)
        self.model = model
        self.fields["model"] = forms.CharField(widget=forms.HiddenInput)
        self.cleaned_params: dict[str, Json] = {}
        for name, parameter in model.parameters.items():
            self.fields.update(form_fields.fields_for(name, parameter))
        self.limit = limit
        # Why some choices are there to see only.
        self.notes = role_rules.narrow(self, model=model, limit=limit) if limit else []
        # What to say of where its values come from.
        self.told: list[str] = []
        # Whether what is folded away is meant.
        self.shows_all = False

    def switched_to(self, model: Model, *, added: str = "") -> Self:
        """A fresh composer for a model, with all that was chosen and that it takes.

        `added` is one more reference image, in the last one's place where there is no room.
        """
        self.full_clean()  # takes in what was uploaded with the wish for another model
        old = self.model.parameters
        drafted = catalog.draft(self.model, self._values())
        # A value left at the old model's default was never chosen.
        chosen = {name: value for name, value in drafted.items() if value != old[name].default}
        kept = {name: self[name].value() for name in KEPT}
        if added:
            chosen = _with_reference(chosen, added, model)
        params = catalog.draft(model, refitting.translated(chosen))
        initial = {**kept, **params}
        return type(self)(model=model, limit=self.limit, initial=initial, prefix=self.prefix)

    def filled(self, values: Mapping[str, Any], *, told: Sequence[str] = ()) -> Self:
        """A fresh composer for the same model with these values, the others as they are."""
        initial = {**self.initial, **values}
        again = type(self)(model=self.model, limit=self.limit, initial=initial, prefix=self.prefix)
        again.told = [*told]
        return again

    @property
    def draft_params(self) -> dict[str, Json]:
        """The parameters as far as they are right yet: what the shown price is for."""
        values = self._values()
        if self._chosen_files:
            values[self._reference_name] = [references.an_upload()] * self._chosen_files
        return catalog.draft(self.model, values)

    @property
    def shape_field(self) -> BoundField | None:
        return self._field("image_size") or self._field("aspect_ratio")

    @property
    def size_fields(self) -> list[BoundField]:
        return [self[name] for name in ("width", "height") if name in self.fields]

    @property
    def count_field(self) -> BoundField | None:
        return self._field("num_images")

    @property
    def reference_field(self) -> BoundField | None:
        return self._field("reference")

    @property
    def advanced_fields(self) -> list[BoundField]:
        plain = ("image_size", "aspect_ratio", "num_images")
        names = [name for name in self.model.parameters if name not in plain]
        return [self[name] for name in names if name in self.fields]

    def clean(self) -> None:
        values = self._values()
        uploads = self.cleaned_data.get("reference")
        if uploads:
            values[self._reference_name] = uploads
            self._keep(uploads)
        if self.model.provider not in providers.callable_providers():
            self.add_error(None, f"{self.model.name} cannot be used yet. Choose another model.")
        prompt = self["prompt"].value() or ""
        try:
            self.cleaned_params = catalog.clean(self.model, prompt, values)
        except InvalidParameters as error:
            self.show(error.errors)
        else:
            self.cleaned_data["prompt"] = catalog.clean_prompt(self.model, prompt)

    def show(self, errors: Mapping[str, str]) -> None:
        """Put words next to the fields they are about; those about no field go above them all."""
        rest = "reference" if "reference" in self.fields else None
        for name, message in errors.items():
            field = name if name in self.fields else rest
            if field not in self.errors:
                self.add_error(field, message)

    def _field(self, name: str) -> BoundField | None:
        return self[name] if name in self.fields else None

    @property
    def _chosen_files(self) -> int:
        """How many pictures are chosen and not sent yet, when their field holds no more."""
        if "reference" not in self.fields or not isinstance(self.data, MultiValueDict):
            return 0
        return sum(map(bool, self.data.getlist(self.add_prefix("reference"))))

    @property
    def _reference_name(self) -> str:
        return "image_urls" if "image_urls" in self.model.parameters else "image_url"

    def _values(self) -> dict[str, object]:
        """What is chosen now, in the catalog's terms, right or wrong."""
        values = {name: self[name].value() for name in self.model.parameters if name in self.fields}
        if values.get("image_size") == CUSTOM:
            values["image_size"] = {side.name: side.value() for side in self.size_fields}
        if "loras" in values:
            values["loras"] = form_fields.loras_from_text(values["loras"])
        if "kept" in self.fields:
            values[self._reference_name] = self["kept"].value() or []
        return values

    def _keep(self, uploads: list[str]) -> None:
        """A browser empties file fields, so pictures go back and forth as hidden fields."""
        if isinstance(self.data, MultiValueDict):
            data = MultiValueDict(self.data.lists())
            data.setlist(self.add_prefix("kept"), uploads)
            self.data = data


def _drawn(values: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's values as the form's fields show them."""
    drawn = dict(values)
    size = drawn.get("image_size")
    if size == "square":  # the small square has no button of its own
        size = dict(zip(("width", "height"), PRESETS["square"], strict=True))
    if isinstance(size, Mapping):
        drawn |= {**size, "image_size": CUSTOM}
    if "loras" in drawn:
        drawn["loras"] = form_fields.loras_to_text(drawn["loras"])
    references = drawn.get("image_urls", drawn.get("image_url"))
    if references:
        drawn["kept"] = references if isinstance(references, list) else [references]
    return drawn


def _with_reference(chosen: Mapping[str, Json], added: str, model: Model) -> dict[str, Json]:
    room = model.reference.maximum - 1 if model.reference else 0
    before: list[Json] = [*catalog.reference_images(model, chosen)[:room]]
    return {**chosen, "image_urls": [*before, added]}
