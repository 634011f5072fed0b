from django import forms

from generations.services.sharing import DAYS, Terms

LIFETIMES = {1: "A day", 7: "7 days", 30: "30 days", 90: "90 days", 365: "A year"}


class ShareForm(forms.Form):
    days = forms.TypedChoiceField(
        label="It works for", choices=list(LIFETIMES.items()), coerce=int, initial=DAYS
    )
    max_views = forms.IntegerField(
        label="How often it may be opened",
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text="Each press of Open counts; previews in messages do not.",
        widget=forms.NumberInput(attrs={"placeholder": "As often as they like"}),
    )
    password = forms.CharField(
        label="Password",
        min_length=6,
        max_length=128,
        strip=False,
        required=False,
        help_text="Send it another way than the link. Nobody can look it up later.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    shows_prompt = forms.BooleanField(label="Show the prompt", required=False)
    keeps_metadata = forms.BooleanField(
        label="Leave prompt and recipe in the files", required=False
    )

    @property
    def terms(self) -> Terms:
        return Terms(**self.cleaned_data)


class PasswordForm(forms.Form):
    password = forms.CharField(
        label="Password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
