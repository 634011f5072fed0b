from typing import Any, cast

from django import forms

from accounts.models import Team, User
from generations.models import Collection, Visibility
from generations.models.organising import NAME_LENGTH


class CollectionForm(forms.Form):
    """A new collection, or a collection's name and who sees it."""

    name = forms.CharField(max_length=NAME_LENGTH, widget=forms.TextInput({"autocomplete": "off"}))
    visibility = forms.ChoiceField(
        label="Who sees it",
        choices=Visibility.choices,
        widget=forms.RadioSelect,
        initial=Visibility.TEAM,
    )

    def __init__(self, data: Any = None, *, may_hide: bool = True, **options: Any) -> None:
        """Others' collections stay the team's: without `may_hide` that is no choice."""
        super().__init__(data, auto_id="collection_%s", **options)
        if not may_hide:
            field = cast("forms.ChoiceField", self.fields["visibility"])
            field.choices = [(Visibility.TEAM, Visibility.TEAM.label)]


class CollectForm(forms.Form):
    """Into which collection: one that is there, by its id or its name, or a new one."""

    collection = forms.UUIDField(required=False)
    name = forms.CharField(max_length=NAME_LENGTH, required=False)

    def __init__(self, *args: Any, team: Team, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.editable = Collection.objects.editable_by(user).filter(team=team)
        self.chosen: Collection | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        wanted, name = cleaned.get("collection"), cleaned.get("name")
        if wanted:
            self.chosen = self.editable.filter(pk=wanted).first()
        elif name:
            self.chosen = self.editable.filter(name__iexact=name).first()
        if not self.chosen and (wanted or not name):
            raise forms.ValidationError("Choose a collection, or name a new one.")
        return cleaned

    @property
    def problems(self) -> list[str]:
        return [str(words) for found in self.errors.values() for words in found]
