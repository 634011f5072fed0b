from django import forms

from generations.models import Finding


class ResolveForm(forms.Form):
    """Which cases are ended, and why."""

    cases = forms.ModelMultipleChoiceField(
        queryset=Finding.objects.open(), error_messages={"required": "Choose the cases first."}
    )
    note = forms.CharField(
        label="Note",
        max_length=500,
        help_text="What you found out, for whoever asks later.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
