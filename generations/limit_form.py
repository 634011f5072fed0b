from typing import Any, cast

from django import forms
from django.http import QueryDict

from accounts.models import ApiToken, Period, Team, User
from accounts.money import MAX_CREDITS, to_microcredits
from generations.services import providers


class LimitForm(forms.Form):
    """A new limit, or another amount for one of the same kind.

    What is valid is what `limits.set_limit` takes.
    """

    whom = forms.ChoiceField(label="For", required=False)
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
        tokens = ApiToken.objects.in_force().filter(team=team).select_related("user")
        self._members = {f"member:{one.pk}": one for one in members}
        self._tokens = {f"token:{one.pk}": one for one in tokens}
        self._offer("whom", [("", "The whole team"), *self._groups()])
        models = [(model.id, model.name) for model in providers.callable_models()]
        self._offer("model", [("", "Any model"), *models])

    def clean_amount(self) -> int:
        """In microcredits."""
        return to_microcredits(self.cleaned_data["amount"])

    def clean(self) -> dict[str, Any]:
        whom = self.cleaned_data.pop("whom", "")
        self.cleaned_data |= {"member": self._members.get(whom), "token": self._tokens.get(whom)}
        return self.cleaned_data

    def _groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        people = [(key, one.display_name) for key, one in self._members.items()]
        programs = [
            (key, f"{one.name} ({one.user.display_name})") for key, one in self._tokens.items()
        ]
        return [(name, of) for name, of in (("Members", people), ("API tokens", programs)) if of]

    def _offer(self, name: str, choices: list[Any]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = choices
