from typing import Any

from django import forms

from accounts.errors import WordsNeeded
from generations.models import Verdict


class ApprovalForm(forms.Form):
    """What is decided about a request that waits; which button was pressed is the verdict."""

    use_required_attribute = False  # only who declines has to say why

    verdict = forms.TypedChoiceField(coerce=Verdict, choices=Verdict.choices)
    words = forms.CharField(
        label="Words",
        required=False,
        max_length=500,
        help_text="The author reads them. To decline, say why.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        declined = values.get("verdict") == Verdict.DECLINED
        if declined and not values.get("words") and "words" not in self.errors:
            self.add_error("words", str(WordsNeeded()))
        return values
