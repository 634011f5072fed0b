from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models.tokens import NAME_LENGTH

LIFETIMES = {"30": "30 days", "90": "90 days", "365": "A year", "": "Until it is revoked"}


class TokenForm(forms.Form):
    name = forms.CharField(
        label="What is it for?",
        max_length=NAME_LENGTH,
        help_text="The name stands beside everything that is spent with it.",
    )
    lifetime = forms.ChoiceField(
        label="It lasts", choices=list(LIFETIMES.items()), required=False, initial="90"
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        days = values.pop("lifetime", "")
        expires_at = timezone.now() + timedelta(days=int(days)) if days else None
        return values | {"expires_at": expires_at}
