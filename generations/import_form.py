from django import forms
from django.core.files.uploadedfile import UploadedFile

from accounts.models import Team, User
from generations.catalog import UnknownModel
from generations.check_form import MOST_BYTES
from generations.recipes import BadRecipe
from generations.services import importing
from generations.services.importing import Found


class ImportForm(forms.Form):
    """A recipe as its text, or in a file."""

    recipe_file = forms.FileField(
        label="From a file",
        required=False,
        allow_empty_file=True,
        help_text="A picture that says how it was made, or a recipe’s JSON. It is not kept.",
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,.json"}),
    )
    recipe_text = forms.CharField(
        label="Or pasted",
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": '{"darkroom": 1, …}', "spellcheck": "false"}
        ),
    )

    def clean_recipe_file(self) -> "UploadedFile[bytes] | None":
        file: UploadedFile[bytes] | None = self.cleaned_data["recipe_file"]
        if file and (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError("A file may have at most 50 MB.")
        return file

    @property
    def source(self) -> str:
        """What the recipe is taken from, as people call it."""
        file = self.cleaned_data.get("recipe_file")
        return file.name if file else "what was pasted"

    def find(self, *, by: User, team: Team) -> Found | None:
        """The recipe; None where there is none, with the words beside the field."""
        if not self.is_valid():
            return None
        file, text = self.cleaned_data["recipe_file"], self.cleaned_data["recipe_text"]
        try:
            if file:
                return importing.of_file(file.read(), by=by, team=team)
            if text.strip():
                return importing.of_text(text, by=by, team=team)
        except (BadRecipe, UnknownModel) as error:
            self.add_error("recipe_file" if file else "recipe_text", str(error))
        else:
            self.add_error("recipe_file", "Choose a file or paste a recipe.")
        return None
