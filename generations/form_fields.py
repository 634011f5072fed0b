"""How each kind of parameter is drawn in the composer. What is right is the catalog's to say."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from generations import references
from generations.parameters import (
    AspectRatio,
    Boolean,
    Choice,
    Integer,
    Json,
    Loras,
    Number,
    Parameter,
    ReferenceImages,
    Size,
)

CUSTOM = "custom"
SHAPES = {
    "square_hd": "1:1",
    "landscape_4_3": "4:3",
    "portrait_4_3": "3:4",
    "landscape_16_9": "16:9",
    "portrait_16_9": "9:16",
}
FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP"}


FEW = 10  # so many whole numbers are buttons rather than a field


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class PartlyRefused(forms.RadioSelect):
    """Radio buttons of which some are there to see and cannot be chosen."""

    def __init__(self, choices: Sequence[tuple[Any, Any]], refused: Collection[str]) -> None:
        super().__init__(choices=choices)
        self.refused = refused

    def create_option(
        self, name: str, value: Any, label: int | str, *args: Any, **options: Any
    ) -> dict[str, Any]:
        option = super().create_option(name, value, label, *args, **options)
        option["attrs"]["disabled"] = str(value) in self.refused
        return option


class ReferenceField(forms.FileField):
    """Uploaded pictures as data URIs; none is fine here, for they may have come before."""

    def __init__(self, parameter: ReferenceImages) -> None:
        attrs = {"accept": "image/jpeg,image/png,image/webp", "multiple": parameter.maximum > 1}
        super().__init__(
            label=parameter.label,
            help_text=parameter.help,
            required=False,
            widget=FilesInput(attrs=attrs),
        )
        self.maximum = parameter.maximum

    def clean(self, data: object, initial: object = None) -> list[str]:
        files: list[UploadedFile[bytes]] = data if isinstance(data, list) else []
        # Decoding is the costly part, so it is not begun for what is refused anyway.
        if len(files) > self.maximum:
            raise forms.ValidationError(f"Add at most {self.maximum} of them.")
        if any((file.size or 0) > references.MAX_BYTES for file in files):
            raise forms.ValidationError("A reference image may have at most 10 MB.")
        try:
            return [references.from_upload(file.read()) for file in files]
        except references.BadReference as error:
            raise forms.ValidationError(str(error)) from error


def fields_for(name: str, parameter: Parameter) -> dict[str, forms.Field]:
    """The form's fields for one parameter, none where there is nothing to choose."""
    match parameter:
        case Boolean(fixed=bool()):
            return {}
        case ReferenceImages():
            kept = forms.Field(required=False, widget=forms.MultipleHiddenInput)
            return {"reference": ReferenceField(parameter), "kept": kept}
        case Size():
            sides = {"width": _side("Width", parameter), "height": _side("Height", parameter)}
            return {name: _plain(parameter), **sides}
        case _:
            return {name: _plain(parameter)}


def loras_from_text(text: object) -> list[dict[str, object]]:
    """One on each line: a path, then a scale or nothing."""
    lines = [line.split(maxsplit=1) for line in str(text or "").splitlines() if line.strip()]
    return [dict(zip(("path", "scale"), line, strict=False)) for line in lines]


def loras_to_text(loras: Json) -> str:
    items = loras if isinstance(loras, list) else []
    return "\n".join(
        f"{lora['path']} {lora.get('scale', '')}".strip()
        for lora in items
        if isinstance(lora, dict)
    )


def _plain(parameter: Parameter) -> forms.Field:
    return forms.Field(
        label=parameter.label,
        help_text=parameter.help,
        initial=parameter.default,
        required=False,
        widget=_widget(parameter),
    )


def _widget(parameter: Parameter) -> forms.Widget:
    match parameter:
        case Boolean():
            widget: forms.Widget = forms.CheckboxInput()
        case Size():
            widget = forms.RadioSelect(choices=[*SHAPES.items(), (CUSTOM, "Custom")])
        case AspectRatio():
            widget = forms.RadioSelect(choices=_choices(parameter.values))
        case Choice():
            widget = forms.Select(choices=_choices(parameter.values))
        case Loras():
            attrs = {"rows": parameter.maximum, "placeholder": "owner/repository 0.8"}
            widget = forms.Textarea(attrs=attrs)
        case Integer(default=None):
            # A seed has more digits than a browser's number field keeps exact.
            attrs = {"inputmode": "numeric", "placeholder": "Random", "autocomplete": "off"}
            widget = forms.TextInput(attrs=attrs)
        case Integer(maximum=int(few)) if few < FEW:
            widget = forms.RadioSelect(choices=[(n, str(n)) for n in range(1, few + 1)])
        case Integer() | Number():
            step = "1" if isinstance(parameter, Integer) else "any"
            widget = _number(parameter.minimum, parameter.maximum, step)
        case _:
            raise TypeError(f"No widget is known for {type(parameter).__name__}.")
    return widget


def _choices(values: Sequence[str]) -> list[tuple[str, str]]:
    return [(value, FORMATS.get(value, value.capitalize())) for value in values]


def _side(label: str, size: Size) -> forms.Field:
    return forms.Field(
        label=label,
        initial=size.width if label == "Width" else size.height,
        required=False,
        widget=_number(size.minimum, size.maximum, str(size.step)),
    )


def _number(minimum: float | None, maximum: float | None, step: str) -> forms.NumberInput:
    attrs = {"min": minimum, "max": maximum, "step": step}
    return forms.NumberInput(attrs={name: v for name, v in attrs.items() if v is not None})
