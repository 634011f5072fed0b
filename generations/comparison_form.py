"""Asking several models at once. What is right is the catalog's and the service's to say."""

from collections.abc import Mapping

from django import forms
from django.utils.datastructures import MultiValueDict

from generations import catalog, lineup
from generations.agreed_form import AgreedForm
from generations.catalog import Model
from generations.flux_parameters import SEED
from generations.form_fields import SHAPES
from generations.models import Visibility
from generations.parameters import PRESETS, ParameterError
from generations.services import comparisons, providers
from generations.services.comparisons import Wanted

FIRST_CHOSEN = 3
SHAPE = "landscape_4_3"
# What a model says of its size is about the shape that was chosen for all.
ABOUT_SHAPE = ("image_size", "aspect_ratio")


class ComparisonForm(AgreedForm):
    use_required_attribute = False

    team = forms.CharField(widget=forms.HiddenInput)
    prompt = forms.CharField(
        label="Prompt",
        strip=False,
        error_messages={"required": "Describe the image you want to make."},
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "One prompt, for every model"}),
    )
    models = forms.MultipleChoiceField(label="Models", required=False)
    shape = forms.ChoiceField(
        label="Shape", choices=list(SHAPES.items()), initial=SHAPE, widget=forms.RadioSelect
    )
    seed = forms.CharField(
        label="Seed",
        required=False,
        help_text="The same for every model. Empty, one is drawn for all of them.",
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "placeholder": "Random", "autocomplete": "off"}
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
        data: MultiValueDict[str, str] | None = None,
        *,
        initial: Mapping[str, object] | None = None,
    ) -> None:
        self.offered = [one for one in providers.callable_models() if lineup.can_compare(one)]
        first = [model.id for model in self.offered[:FIRST_CHOSEN]]
        super().__init__(data, initial={"models": first, **(initial or {})})
        self.fields["models"].choices = [(one.id, one.name) for one in self.offered]  # type: ignore[attr-defined]  # a field with choices

    @property
    def chosen(self) -> list[Model]:
        """As far as they are right yet, as is the rest of the draft."""
        names = self["models"].value() or []
        return [model for model in self.offered if model.id in names]

    @property
    def draft_shape(self) -> str:
        shape = str(self["shape"].value())
        return shape if shape in PRESETS else SHAPE

    def clean_models(self) -> list[str]:
        names: list[str] = self.cleaned_data["models"]
        if not comparisons.FEWEST <= len(names) <= comparisons.MOST:
            raise forms.ValidationError(
                f"Choose {comparisons.FEWEST} to {comparisons.MOST} models."
            )
        return names

    def clean_seed(self) -> int | None:
        try:
            seed = SEED.clean(self.cleaned_data["seed"].strip())
        except ParameterError as error:
            raise forms.ValidationError(error.message) from error
        return None if seed is None else int(str(seed))

    def clean_prompt(self) -> str:
        prompt: str = self.cleaned_data["prompt"]
        try:
            for model in self.chosen:
                catalog.clean_prompt(model, prompt)
        except ParameterError as error:
            raise forms.ValidationError(error.message) from error
        return prompt

    @property
    def wanted(self) -> Wanted:
        """After `is_valid()`."""
        said = self.cleaned_data
        return Wanted(
            prompt=said["prompt"],
            models=said["models"],
            shape=said["shape"],
            seed=said["seed"],
            visibility=Visibility(said["visibility"]),
        )

    def show(self, errors: Mapping[str, str]) -> None:
        """Put words next to the fields they are about; those about no field go above them all."""
        for name, message in errors.items():
            field = "shape" if name in ABOUT_SHAPE else name
            self.add_error(field if field in self.fields else None, message)
