"""What staff fill in to change a team's credits by hand, and to decide about another's change."""

from typing import Any
from uuid import uuid4

from django import forms
from django.http import QueryDict

from accounts.errors import NothingToAdjust, WordsNeeded
from accounts.models import ChangeKind, CreditChange, Team
from accounts.money import MAX_CREDITS, to_microcredits
from accounts.services.changes import Draft


class ChangeForm(forms.Form):
    """An amount and why. Sent twice, it is done once."""

    kind: ChangeKind

    amount = forms.DecimalField(label="Credits", decimal_places=6, max_value=MAX_CREDITS)
    reason = forms.CharField(
        max_length=300,
        help_text="The team reads it in its ledger.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id=f"id_{self.kind}_%s")

    def clean_amount(self) -> int:
        """In microcredits."""
        return to_microcredits(self.cleaned_data["amount"])

    def draft(self, team: Team) -> Draft:
        """What the service takes."""
        return Draft(team=team, kind=self.kind, **self.cleaned_data)


class AdjustForm(ChangeForm):
    kind = ChangeKind.ADJUST

    amount = forms.DecimalField(
        label="Credits to add",
        decimal_places=6,
        min_value=-MAX_CREDITS,
        max_value=MAX_CREDITS,
        help_text="With a minus they are taken away.",
    )

    def clean_amount(self) -> int:
        if self.cleaned_data["amount"] == 0:
            raise forms.ValidationError(str(NothingToAdjust()))
        return super().clean_amount()


class OverdraftForm(ChangeForm):
    kind = ChangeKind.OVERDRAFT

    amount = forms.DecimalField(
        label="Overdraft in credits",
        decimal_places=6,
        min_value=0,
        max_value=MAX_CREDITS,
        help_text="How far below zero the team may spend. It moves no credits.",
    )
    reason = forms.CharField(
        max_length=300,
        help_text="It stays on record here, for staff.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


TEAM_FORMS: dict[str, type[ChangeForm]] = {
    ChangeKind.ADJUST: AdjustForm,
    ChangeKind.OVERDRAFT: OverdraftForm,
}


class ChangeDecisionForm(forms.Form):
    """Which button was pressed is the verdict."""

    use_required_attribute = False  # only one of the buttons needs the note

    verdict = forms.ChoiceField(choices=[("agree", "Agree"), ("decline", "Decline")])
    note = forms.CharField(
        label="Words",
        required=False,
        max_length=300,
        help_text="Who asked reads them. To decline, say why.",
    )

    def __init__(
        self, data: QueryDict | None = None, *, change: CreditChange, is_mine: bool
    ) -> None:
        super().__init__(data, auto_id=f"id_{change.pk.hex}_%s")
        self.is_mine = is_mine

    @property
    def agrees(self) -> bool:
        return bool(self.cleaned_data["verdict"] == "agree")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        declined = values.get("verdict") == "decline"
        if declined and not self.is_mine and not values.get("note") and "note" not in self.errors:
            self.add_error("note", str(WordsNeeded()))
        return values
