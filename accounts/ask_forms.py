"""Asking for more credits, and deciding about it."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.errors import WordsNeeded
from accounts.models import AskState, Budget, CreditRequest
from accounts.money import MAX_CREDITS, MICROCREDITS, plain_credits, say_credits, to_microcredits

LEAST = Decimal(1) / MICROCREDITS


class _LimitField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for mypy alone
    def label_from_instance(self, obj: Budget) -> str:
        on = f" on {obj.model}" if obj.model else ""
        return f"My limit of {say_credits(obj.amount)} {obj.get_period_display()}{on}"


def _credits(*, required: bool = True) -> forms.DecimalField:
    return forms.DecimalField(
        label="Credits",
        required=required,
        min_value=LEAST,
        max_value=MAX_CREDITS,
        decimal_places=6,
    )


class AskForm(forms.Form):
    limit = _LimitField(
        label="For", queryset=Budget.objects.none(), required=False, empty_label="The team"
    )
    amount = _credits()
    words = forms.CharField(
        label="What for",
        max_length=500,
        help_text="Whoever decides reads this.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        limits: QuerySet[Budget],
        initial: dict[str, object] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        cast("forms.ModelChoiceField[Budget]", self.fields["limit"]).queryset = limits
        if not limits:
            del self.fields["limit"]

    def clean_amount(self) -> int:
        """In microcredits."""
        return to_microcredits(self.cleaned_data["amount"])


class AskDecisionForm(forms.Form):
    """Which button was pressed is the verdict."""

    use_required_attribute = False  # each button needs another field

    verdict = forms.TypedChoiceField(
        coerce=AskState,
        choices=[(AskState.GRANTED, "Granted"), (AskState.DECLINED, "Declined")],
    )
    amount = _credits(required=False)
    note = forms.CharField(
        label="Words",
        required=False,
        max_length=500,
        help_text="Who asked reads them. To decline, say why.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: QueryDict | None = None, *, ask: CreditRequest) -> None:
        super().__init__(
            data,
            auto_id=f"id_{ask.pk.hex}_%s",
            initial={"amount": plain_credits(ask.amount)},
        )

    def clean_amount(self) -> int:
        """In microcredits; 0 where none was named."""
        return to_microcredits(self.cleaned_data["amount"] or Decimal(0))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        declined = values.get("verdict") == AskState.DECLINED
        if declined and not values.get("note") and "note" not in self.errors:
            self.add_error("note", str(WordsNeeded()))
        if not declined and values.get("amount") == 0:
            self.add_error("amount", "Say how many credits.")
        return values
