from typing import Any, cast

from django import forms
from django.http import QueryDict

from accounts.models import Team
from accounts.money import MAX_CREDITS, to_microcredits
from generations import catalog
from generations.catalog import Model, Price, Unit
from generations.models.prices import LEAST_BASIS_POINTS, MOST_BASIS_POINTS, UNITS

NANO = 10**9
MOST_USD = 1000
UNIT_WORDS = [(value, label.capitalize()) for value, label in UNITS]


class MarkupForm(forms.Form):
    """What a team, or everyone, pays: above the provider's price, below it, or instead of it."""

    team = forms.ModelChoiceField(
        label="For", queryset=Team.objects.none(), required=False, empty_label="Every team"
    )
    model = forms.ChoiceField(label="On", required=False)
    percent = forms.DecimalField(
        label="Percent",
        min_value=LEAST_BASIS_POINTS // 100,
        max_value=MOST_BASIS_POINTS // 100,
        decimal_places=2,
        initial=0,
        help_text="Below 0 it is taken off.",
    )
    per_image = forms.DecimalField(
        label="Credits per image", min_value=0, max_value=MAX_CREDITS, decimal_places=6, initial=0
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, prefix="markup")
        cast("forms.ModelChoiceField[Team]", self.fields["team"]).queryset = Team.objects.order_by(
            "name"
        )
        choices = [("", "Every model"), *_models()]
        cast("forms.ChoiceField", self.fields["model"]).choices = choices

    def clean_per_image(self) -> int:
        """In microcredits."""
        return to_microcredits(self.cleaned_data["per_image"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("percent") == LEAST_BASIS_POINTS // 100 and given.get("per_image") == 0:
            self.add_error("per_image", "With all of it off, this is the price: more than 0.")
        return given

    @property
    def values(self) -> dict[str, Any]:
        """What the service takes."""
        given = dict(self.cleaned_data)
        basis_points = int(given.pop("percent") * 100)
        return {**given, "basis_points": basis_points}


class PriceForm(forms.Form):
    """A price that the provider's list does not tell, or tells wrongly."""

    model = forms.ChoiceField(label="Model")
    usd = forms.DecimalField(label="US dollars", min_value=0, max_value=MOST_USD, decimal_places=9)
    unit = forms.ChoiceField(label="For", choices=UNIT_WORDS)
    further_usd = forms.DecimalField(
        label="Each further megapixel",
        min_value=0,
        max_value=MOST_USD,
        decimal_places=9,
        required=False,
        help_text="Empty: as the first.",
    )
    counts_inputs = forms.BooleanField(label="Reference images count too", required=False)
    source = forms.CharField(
        label="Where it is from", max_length=200, help_text="For whoever asks later."
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, prefix="price")
        cast("forms.ChoiceField", self.fields["model"]).choices = _models()

    def clean_usd(self) -> int:
        return self._nano("usd")

    def clean_further_usd(self) -> int | None:
        return None if self.cleaned_data["further_usd"] is None else self._nano("further_usd")

    def _nano(self, name: str) -> int:
        nano_usd = int(self.cleaned_data[name] * NANO)
        if nano_usd <= 0:
            raise forms.ValidationError("A price is more than zero.")
        return nano_usd

    @property
    def chosen(self) -> Model:
        return catalog.get_model(self.cleaned_data["model"])

    @property
    def price(self) -> Price:
        given = self.cleaned_data
        return Price(
            given["usd"],
            Unit(given["unit"]),
            given["source"],
            given["further_usd"],
            given["counts_inputs"],
        )


def _models() -> list[tuple[str, str]]:
    return [(model.id, model.name) for model in catalog.MODELS.values()]
