from decimal import Decimal
from uuid import uuid4

from django import forms
from django.http import QueryDict

from accounts.models import ChangeKind
from accounts.money import MAX_CREDITS, MICROCREDITS, format_credits, to_microcredits
from accounts.services.changes import Draft
from generations.models import GenerationRequest


class RefundForm(forms.Form):
    """How much of what a request cost is given back, and why. Sent twice, it is done once."""

    amount = forms.DecimalField(
        label="Credits to give back",
        decimal_places=6,
        min_value=Decimal(1) / MICROCREDITS,
        max_value=MAX_CREDITS,
    )
    reason = forms.CharField(
        max_length=300,
        help_text="The author reads it on the receipt, the team in its ledger.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, data: QueryDict | None = None, *, asked: GenerationRequest) -> None:
        super().__init__(data, auto_id="id_refund_%s")
        self.asked = asked
        self.most = asked.hold.cost
        self.fields[
            "amount"
        ].help_text = f"At most {format_credits(self.most)}: what was charged and not given back."

    def clean_amount(self) -> int:
        """In microcredits."""
        amount = to_microcredits(self.cleaned_data["amount"])
        if amount > self.most:
            raise forms.ValidationError(
                f"Only {format_credits(self.most)} of it were charged and not given back."
            )
        return amount

    @property
    def draft(self) -> Draft:
        """What the service takes."""
        hold, team = self.asked.hold, self.asked.team
        return Draft(team=team, kind=ChangeKind.REFUND, hold=hold, **self.cleaned_data)
