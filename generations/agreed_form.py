import uuid

from django import forms

RELOAD = "This form did not arrive whole. Reload the page, then send."
LONGEST = 19  # digits of what the ledger can hold


def microcredits(said: str) -> int:
    """The price that a button said, as its form sends it; nothing where that is no number."""
    return int(said) if said.isdecimal() and len(said) < LONGEST else 0


class AgreedForm(forms.Form):
    """A button that said what all of it costs; no more than that is reserved by pressing it."""

    idempotency_key = forms.UUIDField(
        widget=forms.HiddenInput,
        initial=uuid.uuid4,
        error_messages={"required": RELOAD, "invalid": RELOAD},
    )
    # Never wrong: too little is said again.
    agreed = forms.CharField(required=False)

    @property
    def agreed_to(self) -> int:
        """Microcredits, after `is_valid()`."""
        return microcredits(self.cleaned_data["agreed"])
