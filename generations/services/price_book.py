"""The one place that says what a request costs a team: on the button, held, in the API, charged.

A request keeps the terms it was held by. What the price book says later does not touch it.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Self

from django.conf import settings

from accounts.models import Team
from generations import catalog, pricing
from generations.catalog import Model, Price
from generations.errors import Unpriceable
from generations.models import GenerationRequest, Markup, PriceOrigin, PriceVersion
from generations.parameters import Json


@dataclass(frozen=True, slots=True)
class Terms:
    """What makes credits of a provider's cost. Without `price` it is computed by the catalog's."""

    price: Price | None
    markup: Markup | None
    credits_per_usd: int

    def provider_cost(self, model: Model, params: Mapping[str, Json]) -> int:
        """The most that these parameters can cost at the provider, in nano-USD."""
        return pricing.provider_cost(model, params, self.price)

    def computed(self, model: Model, params: Mapping[str, Json], *, images: int) -> int:
        """What the provider takes for so many of the images, in nano-USD."""
        return self.provider_cost(model, params) * images // _count(params)

    def most(self, model: Model, params: Mapping[str, Json]) -> int:
        """The most that a team can be charged for them, in microcredits."""
        return self.charge(self.provider_cost(model, params), images=_count(params))

    def at_cost(self, nano_usd: int) -> int:
        """Microcredits that the provider's amount is worth: what the house pays of it."""
        return pricing.to_microcredits(nano_usd, credits_per_usd=self.credits_per_usd)

    def charge(self, nano_usd: int, *, images: int) -> int:
        """Microcredits that a team pays for it, by its mark-up, rounded up once."""
        if self.markup is None:
            return self.at_cost(nano_usd)
        marked_up = pricing.to_microcredits(
            nano_usd, credits_per_usd=self.credits_per_usd, basis_points=self.markup.basis_points
        )
        return marked_up + self.markup.per_image * images


@dataclass(frozen=True, slots=True)
class Share:
    """Microcredits that a team pays for a call, and how much of the provider's cost they cover."""

    paid: int
    covered: int


@dataclass(frozen=True, slots=True)
class Quote:
    """The most that a request can cost: `amount` microcredits is what the button says and holds."""

    amount: int
    provider_nano_usd: int
    version: PriceVersion
    markup: Markup | None
    credits_per_usd: int


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices in force, read at once: for one team, or for those without terms of their own."""

    versions: Mapping[str, PriceVersion]
    markups: Mapping[tuple[bool, str], Markup]

    @classmethod
    def of(cls, team: Team | None, models: Iterable[Model]) -> Self:
        """For these models and the same ones elsewhere, in two queries however many they are."""
        named = list(models)
        others = filter(None, map(catalog.elsewhere, named))
        wanted = {model.id: model.provider for model in (*named, *others)}
        versions = PriceVersion.objects.in_force().filter(model__in=wanted)
        markups = Markup.objects.newest().reaching(team).filter(model__in=["", *wanted])
        return cls(
            {one.model: one for one in versions if wanted[one.model] == one.provider},
            {(one.team_id is not None, one.model): one for one in markups if not one.ended},
        )

    def knows(self, model: Model) -> bool:
        """Whether it has a price now."""
        version = self.versions.get(model.id)
        return version is not None and not version.withdrawn

    def quote(self, model: Model, params: Mapping[str, Json]) -> Quote:
        """Raises Unpriceable."""
        version = self.versions.get(model.id)
        if version is None or version.withdrawn:
            raise Unpriceable(model.name, withdrawn=version is not None)
        terms = self.terms(model, version.price)
        return Quote(
            terms.most(model, params),
            terms.provider_cost(model, params),
            version,
            terms.markup,
            terms.credits_per_usd,
        )

    def terms(self, model: Model, price: Price) -> Terms:
        """What would be charged for the model at some price."""
        return Terms(price, self._markup(model.id), settings.CREDITS_PER_USD)

    def _markup(self, model: str) -> Markup | None:
        """One counts, the most particular: the team's before everyone's, a model's before all."""
        for of_team in (True, False):
            for name in (model, ""):
                if found := self.markups.get((of_team, name)):
                    return found
        return None


def quote(*, team: Team, model: Model, params: Mapping[str, Json]) -> Quote:
    """What these parameters can cost this team at most, now. Raises Unpriceable."""
    return PriceList.of(team, [model]).quote(model, params)


def terms_of(request: GenerationRequest) -> Terms:
    """What the request was held by; one from before there was a book, by the catalog."""
    version = _version(request.price_version_id)
    rate = request.credits_per_usd or settings.CREDITS_PER_USD
    return Terms(version.price if version else None, _markup(request.markup_id), rate)


def computed(request: GenerationRequest, *, images: int) -> int:
    """What so many of its images cost at the request's price, in nano-USD. Raises UnknownModel."""
    model = catalog.get_model(request.model)
    wanted = min(images, request.num_images)
    return terms_of(request).computed(model, request.params, images=wanted)


def share(request: GenerationRequest, nano_usd: int, *, came: int, kept: int) -> Share:
    """What the team pays of a call's cost: for the images it keeps, of those that came.

    The rest is the house's.
    """
    if not came:
        return Share(0, 0)
    terms, cost = terms_of(request), _of_what_came(request, nano_usd, came)
    paid = terms.charge(cost, images=min(came, request.num_images)) * kept // came
    # A team whose own price is lower covers no more than it pays.
    return Share(paid, min(terms.at_cost(cost) * kept // came, paid))


def _of_what_came(request: GenerationRequest, nano_usd: int, came: int) -> int:
    """How much of a call's cost is for the images that came.

    Where fewer came than were asked for, a provider may still state what all of them cost: then it
    is their part of that, or what they cost at the request's price, if that is more.
    """
    if came >= request.num_images:
        return nano_usd
    try:
        priced = computed(request, images=came)
    except catalog.UnknownModel:  # It left the catalog while the request was made.
        priced = 0
    return min(nano_usd, max(priced, nano_usd * came // request.num_images))


# Neither changes once it is written.
@functools.lru_cache(maxsize=1024)
def _version(pk: int | None) -> PriceVersion | None:
    return PriceVersion.objects.get(pk=pk) if pk else None


@functools.lru_cache(maxsize=1024)
def _markup(pk: int | None) -> Markup | None:
    return Markup.objects.get(pk=pk) if pk else None


def seed() -> None:
    """Put the catalog's prices into the book; they are part of the schema, as permissions are.

    A model's later catalog price counts only while nobody and no provider has said another one.
    """
    decided = PriceVersion.objects.exclude(origin=PriceOrigin.CATALOG).values("model")
    held = set(decided.values_list("model", flat=True))
    PriceVersion.objects.bulk_create(
        [_delivered(model) for model in catalog.MODELS.values() if model.id not in held],
        ignore_conflicts=True,
    )


def _delivered(model: Model) -> PriceVersion:
    since = datetime.combine(model.price.as_of, time(), UTC)
    return version_of(model, model.price, origin=PriceOrigin.CATALOG, effective_from=since)


def _count(params: Mapping[str, Json]) -> int:
    return int(str(params.get("num_images") or 1))


def version_of(model: Model, price: Price, **how: object) -> PriceVersion:
    """A version of that price, not saved yet."""
    return PriceVersion(
        provider=model.provider,
        model=model.id,
        nano_usd=price.nano_usd,
        further_nano_usd=price.further,
        unit=price.unit.value,
        counts_inputs=price.counts_inputs,
        source=price.source,
        rule=pricing.rounding_words(price),
        **how,
    )
