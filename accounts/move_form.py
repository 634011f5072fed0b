from decimal import Decimal
from typing import cast
from uuid import uuid4

from django import forms
from django.http import QueryDict

from accounts.models import Team
from accounts.money import MAX_CREDITS, MICROCREDITS, format_credits, to_microcredits


class MoveForm(forms.Form):
    """Credits for another team of the same owner. Sent twice, they move once."""

    to = forms.ModelChoiceField(label="To", queryset=Team.objects.none(), empty_label=None)
    amount = forms.DecimalField(
        label="Credits",
        decimal_places=6,
        min_value=Decimal(1) / MICROCREDITS,
        max_value=MAX_CREDITS,
    )
    reason = forms.CharField(
        label="What for", max_length=120, help_text="Both teams read it in their ledger."
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, data: QueryDict | None = None, *, teams: list[Team], movable: int) -> None:
        super().__init__(data)
        mine = Team.objects.filter(pk__in=[team.pk for team in teams])
        cast("forms.ModelChoiceField[Team]", self.fields["to"]).queryset = mine.order_by("name")
        self.fields["amount"].help_text = f"{format_credits(movable)} may be moved."

    def clean_amount(self) -> int:
        """In microcredits."""
        return to_microcredits(self.cleaned_data["amount"])
