"""A series that varies one thing of an image, as its page shows it before it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.http import QueryDict

from accounts.models import User
from accounts.services import teams
from generations import catalog, variations
from generations.errors import InvalidRequest
from generations.models import Image
from generations.services import previews, varying
from generations.services.together import Part, Together
from generations.variations import Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What is chosen so far; `error` says why it cannot be asked for as it is."""

    variables: Sequence[Variable]
    variable: Variable | None
    values: Sequence[str]
    key: UUID
    preview: Together | None = None
    error: str = ""

    @property
    def price(self) -> int | None:
        return self.preview.amount if self.preview else None

    @property
    def count(self) -> int:
        return len(self.preview.parts) if self.preview else 0

    @property
    def fields(self) -> list[str]:
        """The values, and empty ones up to as many as there may be."""
        given = [value for value in self.values if value.strip()]
        return [*given, *[""] * variations.MOST][: max(variations.MOST, len(given))]


def chosen(image: Image, data: QueryDict, *, by: User) -> Series:
    """What the address or the form says, or what is suggested."""
    variables = variations.variables(image.request.model, image.request.params)
    variable = variations.chosen(variables, data.get("of", ""))
    key = _key(data.get("idempotency_key", ""))
    if variable is None:
        return Series(variables=variables, variable=None, values=(), key=key)
    values = data.getlist("value") if "value" in data else variable.suggested
    preview, error = None, ""
    try:
        planned = varying.plan(image, by=by, name=variable.name, values=values, key=key)
        preview = _together(by, image, planned)
    except InvalidRequest as refused:
        error = str(refused)
    return Series(
        variables=variables,
        variable=variable,
        values=values,
        key=key,
        preview=preview,
        error=error,
    )


def _together(by: User, image: Image, planned: Sequence[Part]) -> Together:
    membership = teams.membership_of(by, image.team)
    models = [catalog.get_model(image.request.model)]
    means = previews.means(by=by, membership=membership, models=models)
    return Together(tuple(means.preview(one.model, one.params) for one in planned))


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()
