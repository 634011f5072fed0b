"""What staff fill in about credits: amounts as people write them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone

from accounts.errors import PlanWaits
from accounts.models import Plan, Rollover, TeamPlan
from accounts.money import MAX_CREDITS, format_credits, to_microcredits
from accounts.services import entries

LEAST = Decimal("0.000001")


class CreditsField(forms.DecimalField):
    """An amount in credits; its value is in microcredits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=LEAST, max_value=MAX_CREDITS, decimal_places=6, **kwargs)

    def clean(self, value: Any) -> Any:
        amount = super().clean(value)
        return None if amount is None else to_microcredits(amount)

    def prepare_value(self, value: Any) -> Any:
        """What a row holds as a person writes it; what was typed stays as it was."""
        return format_credits(value).replace(",", "") if isinstance(value, int) else value


class PlanForm(forms.ModelForm):
    credits = CreditsField(label="Credits a month")
    rolls_at_most = CreditsField(
        label="At most",
        required=False,
        help_text="Only with an amount: what of all months together outlasts them.",
    )

    class Meta:
        model = Plan
        fields = ("name", "credits", "rollover", "rolls_at_most", "active")
        labels = {"rollover": "Rolls over"}

    def clean_rolls_at_most(self) -> int | None:
        most: int | None = self.cleaned_data["rolls_at_most"]
        if self.cleaned_data.get("rollover") != Rollover.SOME:
            return None
        if most is None:
            raise forms.ValidationError("Say how many credits roll over at most.")
        return most


class TeamPlanForm(forms.ModelForm):
    """What is valid is what `plans.subscribe` takes."""

    class Meta:
        model = TeamPlan
        fields = ("team", "plan", "starts_on", "reason")
        help_texts = {
            "team": "A plan that it has ends.",
            "starts_on": "The month of that day is granted whole, unless another plan has done so.",
            "reason": "Stands in the ledger beside each month's credits.",
        }

    def clean_plan(self) -> Plan:
        plan: Plan = self.cleaned_data["plan"]
        if not plan.active:
            raise forms.ValidationError("This plan is not offered any more.")
        if plan.waits:
            raise forms.ValidationError(str(PlanWaits(plan)))
        return plan

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        if day < timezone.now().date():
            raise forms.ValidationError("Today or later: past months are given by hand.")
        return day

    def validate_constraints(self) -> None:
        """The plan that stands in the way ends with this one's start."""


class PromotionForm(forms.Form):
    amount = CreditsField(label="Credits for each team")
    last_day = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="They run out when it ends, in UTC. Empty: they do not run out.",
    )
    reason = forms.CharField(max_length=300, help_text="The team reads it beside these credits.")
    # Sent twice it gives once.
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def clean_last_day(self) -> datetime | None:
        """The moment at which they run out."""
        day: date | None = self.cleaned_data["last_day"]
        if day is None:
            return None
        if day < timezone.now().date():
            raise forms.ValidationError("Today or later: credits cannot have run out before.")
        if day == date.max:
            raise forms.ValidationError("Empty, if they are not to run out; else an earlier day.")
        return entries.start_of(day + timedelta(days=1))
