"""What to look for on a wall; the form's values are the wall's address."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.formats import date_format

from accounts.models import Team, User
from accounts.services import staff
from generations import catalog, people, shelves
from generations.filters import Filters, Moderation, Shape
from generations.models import Collection
from generations.prompt_search import LONGEST

SUGGESTED_MODELS = 3
SUGGESTED_PEOPLE = 4
LARGEST_SEED = 2**63 - 1
FORM_ID = "find"


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter, as a link that sets it or takes it away."""

    label: str
    query: str
    person: User | None = None
    icon: str = ""


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class FilterForm(forms.Form):
    q = forms.CharField(
        label="Search prompts",
        required=False,
        max_length=LONGEST,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": "Search prompts",
                "autocomplete": "off",
                "data-key": "/",
            }
        ),
    )
    person = forms.ChoiceField(label="Made by", required=False)
    model = forms.ChoiceField(required=False)
    shape = forms.ChoiceField(choices=[("", "Any"), *Shape.choices], required=False)
    since = forms.DateField(label="From", required=False, widget=_Day)
    until = forms.DateField(label="To", required=False, widget=_Day)
    seed = forms.IntegerField(
        required=False,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_SEED)],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    collection = forms.ChoiceField(required=False)
    moderation = forms.ChoiceField(choices=[("", "Any"), *Moderation.choices], required=False)
    favourite = forms.BooleanField(label="Favourites only", required=False)

    def __init__(
        self, data: Mapping[str, Any], *, team: Team, user: User, without: tuple[str, ...] = ()
    ) -> None:
        """`without` are the fields that say nothing on this wall."""
        super().__init__(data, auto_id=f"{FORM_ID}-%s")
        self.team, self.user = team, user
        self._offer("model", lambda: [(one.id, one.name) for one in catalog.MODELS.values()])
        # Asked for when it is needed: the page of one image shows no form.
        self._offer("person", lambda: [(str(one.pk), one.display_name) for one in self.people])
        self._offer("collection", lambda: [(str(one.pk), one.name) for one in self.collections])
        for name in without:
            del self.fields[name]
        for name, field in self.fields.items():
            if name != "q":
                # The panel lies beside the search field, and is sent with it.
                field.widget.attrs["form"] = FORM_ID

    def _offer(self, name: str, choices: Callable[[], list[tuple[str, str]]]) -> None:
        field = cast("forms.ChoiceField", self.fields[name])
        field.choices = lambda: [("", "Any"), *choices()]

    @cached_property
    def people(self) -> list[User]:
        return people.of_walls(self.team)

    @cached_property
    def collections(self) -> list[Collection]:
        return shelves.names(team=self.team, user=self.user)

    @property
    def is_cut(self) -> bool:
        """Whether there may be more collections than are offered."""
        return "collection" in self.fields and len(self.collections) == shelves.MOST

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """What was chosen, in the form's order. What is no choice is none; the rest counts."""
        self.is_valid()
        return {
            name: self.cleaned_data[name] for name in self.fields if self.cleaned_data.get(name)
        }

    @cached_property
    def filters(self) -> Filters:
        chosen = self.chosen
        bounded = "moderation" in chosen and not staff.is_staff(self.user)
        return Filters(
            words=chosen.get("q", ""),
            person=_named(self.people, chosen["person"]) if "person" in chosen else None,
            model=chosen.get("model", ""),
            shape=chosen.get("shape", ""),
            seed=chosen.get("seed"),
            since=chosen.get("since"),
            until=chosen.get("until"),
            favourite_of=self.user if "favourite" in chosen else None,
            collection=(
                _named(self.collections, chosen["collection"]) if "collection" in chosen else None
            ),
            moderation=chosen.get("moderation", ""),
            answered_for_by=self.user if bounded else None,
        )

    @cached_property
    def query(self) -> str:
        """The choices as part of an address, without those that were refused."""
        return _query(self.chosen)

    @property
    def count(self) -> int:
        """How many filters there are besides the words."""
        return len(self.chosen) - ("q" in self.chosen)

    def chips(self) -> Iterator[Chip]:
        """What is chosen; each takes itself away."""
        for name in self.chosen:
            rest = {one: value for one, value in self.chosen.items() if one != name}
            yield Chip(self._words(name), _query(rest))

    def suggestions(self) -> Iterator[Chip]:
        """A few of what may be chosen beside it."""
        if "favourite" in self.fields and "favourite" not in self.chosen:
            yield Chip("Favourites", self._and(favourite="on"), icon="heart")
        if "model" in self.fields and "model" not in self.chosen:
            for model in list(catalog.MODELS.values())[:SUGGESTED_MODELS]:
                yield Chip(model.name, self._and(model=model.id))
        if "person" in self.fields and "person" not in self.chosen and len(self.people) > 1:
            for one in self.people[:SUGGESTED_PEOPLE]:
                yield Chip(one.display_name, self._and(person=str(one.pk)), person=one)

    def complaints(self) -> list[str]:
        """What was refused, in words."""
        self.is_valid()
        return [
            f"{self[name].label}: {message}"
            for name, messages in self.errors.items()
            for message in messages
        ]

    def _and(self, **more: str) -> str:
        return _query(self.chosen | more)

    def _words(self, name: str) -> str:
        value = self.chosen[name]
        match name:
            case "q":
                return f"“{value}”"
            case "since" | "until":
                return f"{self[name].label} {date_format(value, 'j M Y')}"
            case "seed":
                return f"Seed {value}"
            case "favourite":
                return "Favourites"
        choices = cast("Iterable[tuple[str, str]]", getattr(self.fields[name], "choices", ()))
        return next(str(label) for choice, label in choices if choice == value)


def _named(rows: Any, pk: str) -> Any:
    return next(one for one in rows if str(one.pk) == pk)


def _query(chosen: Mapping[str, Any]) -> str:
    return urlencode({name: "on" if value is True else value for name, value in chosen.items()})
