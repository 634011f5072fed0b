from django import forms

from generations.models import ReportReason


class ReportForm(forms.Form):
    reason = forms.ChoiceField(label="What is wrong with it?", choices=ReportReason.choices)
    words = forms.CharField(
        label="In your own words",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
