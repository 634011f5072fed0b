from typing import cast

from django import forms
from django.http import QueryDict

from accounts.models import Period, Team, User
from accounts.money import MAX_CREDITS, to_microcredits
from generations import catalog


class LimitForm(forms.Form):
    """A new limit, or another amount for one of the same kind."""

    member = forms.ModelChoiceField(
        label="For", queryset=User.objects.none(), required=False, empty_label="The whole team"
    )
    model = forms.ChoiceField(label="On", required=False)
    amount = forms.DecimalField(
        label="Credits", min_value=0, max_value=MAX_CREDITS, decimal_places=6
    )
    period = forms.TypedChoiceField(
        label="In", coerce=Period, choices=Period.choices, initial=Period.MONTH
    )

    def __init__(self, data: QueryDict | None = None, *, team: Team) -> None:
        super().__init__(data)
        members = User.objects.filter(memberships__team=team).order_by("name", "email")
        cast("forms.ModelChoiceField[User]", self.fields["member"]).queryset = members
        models = [(model.id, model.name) for model in catalog.MODELS.values() if model.callable]
        cast("forms.ChoiceField", self.fields["model"]).choices = [("", "Any model"), *models]

    def clean_amount(self) -> int:
        """In microcredits."""
        return to_microcredits(self.cleaned_data["amount"])
