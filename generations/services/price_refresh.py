"""The providers' price lists beside our book. A difference waits for a person, or is small enough.

Repeating changes nothing: what waits is not proposed twice, nor what was declined.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from generations import catalog, enqueue
from generations.catalog import Model, Price, Unit
from generations.catalog_types import provider_name
from generations.models import (
    PriceOrigin,
    PriceProposal,
    PriceReading,
    PriceVersion,
    ProposalState,
)
from generations.providers.base import ListedPrice
from generations.providers.errors import ProviderError
from generations.services import notices, price_changes, providers

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Refresh:
    """What one look at the providers' prices brought."""

    readings: list[PriceReading] = field(default_factory=list)
    proposed: list[PriceProposal] = field(default_factory=list)
    taken_over: list[PriceProposal] = field(default_factory=list)

    @property
    def failed(self) -> list[PriceReading]:
        return [reading for reading in self.readings if reading.error]

    @property
    def is_news(self) -> bool:
        return bool(self.proposed or self.taken_over or self.failed)


def ask() -> bool:
    """Have the workers read the prices; say whether they could be told."""
    return enqueue.refresh_prices()


def run(*, of: Sequence[str] = ()) -> Refresh:
    """Read the prices of these providers, and mail staff about what is new."""
    done = Refresh()
    for name in of or providers.callable_providers():
        done.readings.append(_read(name, done))
    if done.is_news:
        notices.prices_differ(done.proposed, done.taken_over, done.failed)
    return done


def _read(provider: str, done: Refresh) -> PriceReading:
    models = [model for model in catalog.MODELS.values() if model.provider == provider]
    try:
        listed = providers.client(provider).read_prices([model.id for model in models])
    except ProviderError as error:
        log.warning("prices_not_read", provider=provider, why=error.message)
        return PriceReading.objects.create(provider=provider, error=error.message[:500])
    unread, differing = {}, 0
    for model in models:
        row = _row(model, listed)
        if row and row.nano_usd is None:
            unread[model.id] = row.why
        elif _compare(model, row, done):
            differing += 1
    return PriceReading.objects.create(
        provider=provider,
        models_read=len(models) - len(unread),
        differing=differing,
        unread=unread,
    )


def _row(model: Model, listed: Iterable[ListedPrice]) -> ListedPrice | None:
    """What is listed for a model: by its own name before an alias, of several the dearest."""
    names = {model.id, *model.aliases}
    named = [row for row in listed if names & row.names]
    own = [row for row in named if row.model == model.id] or named
    return max(own, key=lambda row: row.nano_usd or 0, default=None)


def _compare(model: Model, row: ListedPrice | None, done: Refresh) -> bool:
    """Whether the list says something else than the book; what is new of it is kept."""
    in_force = PriceVersion.objects.in_force().filter(provider=model.provider, model=model.id)
    with transaction.atomic():
        version = in_force.first()
        if version is None:
            return False
        # Two readings at once shall not propose the same twice: the second sees what the first did.
        PriceVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
        version = in_force.get()
        found = _proposal(version, row)
        if _agree(version, found):
            price_changes.overtake(model)
            return False
        if not _is_known(found):
            _keep(model, found, done)
    return True


def _proposal(version: PriceVersion, row: ListedPrice | None) -> PriceProposal:
    """What the list says, in the book's terms; a model that is not listed is withdrawn."""
    price = _listed(version, row) if row else version.price
    return PriceProposal(
        provider=version.provider,
        model=version.model,
        nano_usd=price.nano_usd,
        further_nano_usd=price.further,
        unit=price.unit.value,
        counts_inputs=price.counts_inputs,
        withdrawn=row is None,
        source=f"{provider_name(version.provider)}'s list of models",
        current=version,
    )


def _listed(version: PriceVersion, row: ListedPrice) -> Price:
    """A list states one rate: further megapixels keep their proportion, rounded up."""
    nano_usd = row.nano_usd or 0
    further = -(-version.further_nano_usd * nano_usd // version.nano_usd)
    return Price(nano_usd, Unit(row.unit), "", further, version.counts_inputs)


def _says(quoted: PriceVersion | PriceProposal) -> tuple[object, ...]:
    if quoted.withdrawn:
        return (True,)
    return (False, quoted.nano_usd, quoted.further_nano_usd, quoted.unit, quoted.counts_inputs)


def _agree(version: PriceVersion, found: PriceProposal) -> bool:
    return _says(version) == _says(found)


def _is_known(found: PriceProposal) -> bool:
    """Whether it waits already, or was declined against the price that is still in force."""
    last = PriceProposal.objects.filter(provider=found.provider, model=found.model).first()
    decided_so = (ProposalState.PENDING, ProposalState.DECLINED)
    return (
        last is not None
        and last.state in decided_so
        and last.current_id == found.current_id
        and _says(last) == _says(found)
    )


def _keep(model: Model, found: PriceProposal, done: Refresh) -> None:
    price_changes.overtake(model)
    found.save(force_insert=True)
    if within_bound(found):
        price_changes.take_over(found)
        done.taken_over.append(found)
    else:
        done.proposed.append(found)


def within_bound(found: PriceProposal) -> bool:
    """Whether it is so near the price that a person last agreed to that nobody needs to look.

    Not to the last step that was taken over by itself: many small ones are a large one.
    """
    agreed, percent = _agreed(found), settings.PRICE_AUTO_ACCEPT_PERCENT
    if agreed is None or found.withdrawn or found.current.withdrawn or found.unit != agreed.unit:
        return False
    changes = (
        (agreed.nano_usd, found.nano_usd),
        (agreed.further_nano_usd, found.further_nano_usd),
    )
    return bool(percent) and all(abs(new - old) * 100 <= percent * old for old, new in changes)


def _agreed(found: PriceProposal) -> PriceVersion | None:
    """What a person put into force last, or else what Darkroom was delivered with."""
    versions = PriceVersion.objects.filter(provider=found.provider, model=found.model)
    by_people = versions.filter(Q(accepted_by__isnull=False) | Q(origin=PriceOrigin.CATALOG))
    return by_people.filter(effective_from__lte=Now()).order_by("-effective_from").first()
