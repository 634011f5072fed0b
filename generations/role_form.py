from decimal import Decimal
from typing import Any

from django import forms
from django.forms.models import model_to_dict
from django.http import QueryDict

from accounts.models import Role, RoleLimit, Team
from accounts.services import role_limits
from accounts.services.role_limits import LIMITED_ROLES, Most

UNLIMITED = {"placeholder": "No limit"}
MANY = 1000


class RoleForm(forms.Form):
    """What one role may ask for; a field left empty is no limit."""

    most_open = forms.IntegerField(
        label="Requests open at once",
        required=False,
        min_value=1,
        max_value=MANY,
        widget=forms.NumberInput(attrs=UNLIMITED),
    )
    most_megapixels = forms.DecimalField(
        label="Megapixels an image",
        required=False,
        min_value=Decimal("0.1"),
        max_value=100,
        decimal_places=2,
        widget=forms.NumberInput(attrs=UNLIMITED),
    )
    most_images = forms.IntegerField(
        label="Images a request",
        required=False,
        min_value=1,
        max_value=MANY,
        widget=forms.NumberInput(attrs=UNLIMITED),
    )

    def __init__(self, data: QueryDict | None, *, role: Role, initial: dict[str, Any]) -> None:
        super().__init__(data, prefix=role.value, initial=initial)
        self.role = role

    @property
    def most(self) -> Most:
        return Most(**self.cleaned_data)


def forms_of(team: Team, data: QueryDict | None = None) -> list[RoleForm]:
    """A form for each role that makes images, filled with what is in force."""
    limits = role_limits.of_team(team)
    found = {role: _typed(limit) for role, limit in limits.items()}
    return [RoleForm(data, role=role, initial=found.get(role, {})) for role in LIMITED_ROLES]


def _typed(limit: RoleLimit) -> dict[str, Any]:
    """As a person writes it: 0.6 megapixels, not 0.60."""
    values = model_to_dict(limit)
    most = limit.most_megapixels
    return values | {"most_megapixels": most and f"{most.normalize():f}"}
