"""Which entries of the ledger to show; the form's values are the page's address."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from accounts.models import EntryKind, User
from accounts.services import entries
from generations.services import usage

RESERVED = "reserved"
# What the house pays is between its own accounts: no team's ledger has such an entry.
OF_TEAMS = [(kind.value, kind.label) for kind in EntryKind if kind is not EntryKind.HOUSE]
KINDS = [("", "Everything"), *OF_TEAMS, (RESERVED, "Reserved")]


class LedgerForm(forms.Form):
    kind = forms.ChoiceField(choices=KINDS, required=False)
    person = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, empty_label="Everybody"
    )
    period = forms.ChoiceField(required=False)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(
        self, data: Any, *, people: QuerySet[User] | None, periods: list[usage.Period]
    ) -> None:
        """`people` is None for somebody who sees nobody's spending but their own."""
        super().__init__(data)
        if people is None:
            del self.fields["person"]
        else:
            self.fields["person"].queryset = people  # type: ignore[attr-defined]  # see above
        choices = [("", "Always"), *((one.key, one.label) for one in periods)]
        self.fields["period"].choices = choices  # type: ignore[attr-defined]  # see above
        self._since = {one.key: entries.start_of(one.since) for one in periods}

    def chosen(self, name: str) -> Any:
        """What was chosen. Words that are no choice are none; the other fields still count."""
        self.is_valid()
        return self.cleaned_data.get(name)

    @property
    def chosen_kind(self) -> str:
        return self.chosen("kind") or ""

    @property
    def chosen_person(self) -> User | None:
        found: User | None = self.chosen("person")
        return found

    @property
    def since(self) -> datetime | None:
        return self._since.get(self.chosen("period") or "")

    @property
    def is_narrowed(self) -> bool:
        return bool(self.chosen_kind or self.chosen_person or self.since)

    @property
    def where(self) -> Q:
        """The condition on entries that the choices amount to."""
        found = Q(kind=self.chosen_kind) if self.chosen_kind else Q()
        if self.chosen_person:
            found &= Q(hold__request__user=self.chosen_person)
        if self.since:
            found &= Q(created_at__gte=self.since)
        return found
