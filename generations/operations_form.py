"""Which requests an operator wants to see; the form's values are the page's address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from config.ids import first_uuid7
from generations import catalog
from generations.batches import WAITING_FOR_STORE
from generations.catalog_types import PROVIDERS
from generations.models import Status

AGES = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last day", timedelta(days=1)),
    "week": ("Last week", timedelta(days=7)),
}
# Most models answer within one minute and the slowest queue within a few.
TOO_LONG = timedelta(minutes=10)
NARROWING = ("status", "provider", "model", "team", "person", "age", "stuck")


@dataclass(frozen=True, slots=True)
class Chip:
    """One of the choices made, and the address without it."""

    words: str
    without: str


class OperationsForm(forms.Form):
    status = forms.ChoiceField(choices=[("", "Any"), *Status.choices], required=False)
    provider = forms.ChoiceField(choices=[("", "Any"), *PROVIDERS.items()], required=False)
    model = forms.ChoiceField(required=False)
    team = forms.CharField(required=False, max_length=80, help_text="Its name or its short name.")
    person = forms.CharField(required=False, max_length=254, help_text="Their email address.")
    age = forms.ChoiceField(
        choices=[("", "Any"), *((key, label) for key, (label, _) in AGES.items())],
        required=False,
        label="Asked for",
    )
    stuck = forms.BooleanField(
        required=False,
        label="Only what is stuck",
        help_text="Open for ten minutes, unconfirmed, or waiting for the store.",
    )
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        models = [(one.id, one.name) for one in catalog.MODELS.values()]
        self.fields["model"].choices = [("", "Any"), *models]  # type: ignore[attr-defined]  # a ChoiceField
        self._data = data

    def chosen(self, name: str) -> Any:
        """What was chosen. Words that are no choice are none; the other fields still count."""
        self.is_valid()
        return self.cleaned_data.get(name)

    @property
    def before_id(self) -> UUID | None:
        found: UUID | None = self.chosen("before")
        return found

    @property
    def where(self) -> Q:
        """The condition on requests that the choices amount to."""
        same = {name: self.chosen(name) for name in ("status", "provider", "model")}
        found = Q(**{name: value for name, value in same.items() if value})
        if team := self.chosen("team"):
            found &= Q(team__slug__iexact=team) | Q(team__name__iexact=team)
        if person := self.chosen("person"):
            found &= Q(user__email__iexact=person)
        if age := self.chosen("age"):
            # Ids begin with the time, so that the newest are found without an index of their own.
            found &= Q(pk__gte=first_uuid7(timezone.now() - AGES[age][1]))
        if self.chosen("stuck"):
            found &= stuck()
        if self.before_id:
            found &= Q(pk__lt=self.before_id)
        return found

    @property
    def chips(self) -> Sequence[Chip]:
        return [
            Chip(self._in_words(name), self._without(name))
            for name in NARROWING
            if self.chosen(name)
        ]

    def _in_words(self, name: str) -> str:
        field, value = self.fields[name], self.chosen(name)
        if isinstance(field, forms.ChoiceField):
            value = dict(field.choices)[value]  # type: ignore[arg-type]  # pairs of words
        return (
            str(field.label or name.capitalize())
            if value is True
            else f"{self[name].label}: {value}"
        )

    def _without(self, name: str) -> str:
        rest = self._data.copy()
        for one in (name, "before"):
            rest.pop(one, None)
        return f"?{rest.urlencode()}"


def stuck() -> Q:
    """Open too long, unclear, or kept from the store. What waits for a person is not stuck."""
    under_way = (Status.QUEUED, Status.SENDING, Status.SUBMITTED, Status.ANSWERED)
    old = Q(status__in=under_way, pk__lt=first_uuid7(timezone.now() - TOO_LONG))
    kept = Q(status=Status.ANSWERED, error_code__in=list(WAITING_FOR_STORE))
    return old | kept | Q(status=Status.UNCONFIRMED)
