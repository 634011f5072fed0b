from typing import Any

from django import forms

from generations.services.downloads import Kind

NAMES = {Kind.ORIGINAL: "Original", Kind.JPEG: "JPEG", Kind.PNG: "PNG", Kind.WEBP: "WebP"}


class DownloadForm(forms.Form):
    """In what form files are taken away; nothing chosen is the original with its recipe."""

    kind = forms.ChoiceField(
        label="Format",
        choices=[(kind.value, name) for kind, name in NAMES.items()],
        initial=Kind.ORIGINAL.value,
        required=False,
        widget=forms.RadioSelect,
    )
    strip = forms.BooleanField(label="Without metadata", required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        chosen = values.get("kind") or Kind.ORIGINAL
        return values | {"kind": Kind(chosen)}
