import uuid

from django import forms


class VaryingForm(forms.Form):
    """What a series is asked for with, beside its values, which the model has a say in."""

    idempotency_key = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)
    # What the button said, in microcredits: more is not reserved without another press.
    agreed = forms.IntegerField(widget=forms.HiddenInput)
