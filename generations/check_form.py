from django import forms
from django.core.files.uploadedfile import UploadedFile

MOST_BYTES = 50_000_000


class CheckForm(forms.Form):
    file = forms.FileField(
        label="The file",
        help_text="PNG, JPEG or WebP, at most 50 MB. It is not kept.",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError("A file may have at most 50 MB.")
        return file
