"""What the page of prices shows: what waits, what is in force, what came before it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from generations import catalog
from generations.catalog import Model
from generations.models import Markup, PriceProposal, PriceReading, PriceVersion, ProposalState
from generations.parameters import Json, Size
from generations.services.price_book import PriceList

DECIDED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Example:
    """What a certain request costs a team without terms of its own, before and after."""

    label: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Waiting:
    proposal: PriceProposal
    name: str
    examples: list[Example]


@dataclass(frozen=True, slots=True)
class Row:
    """One model: its version in force, one image in credits, and the versions before it."""

    name: str
    version: PriceVersion
    one_image: int | None
    earlier: list[PriceVersion]


@dataclass(frozen=True, slots=True)
class MarkupRow:
    markup: Markup
    model_name: str


def page() -> dict[str, object]:
    """The context of the page but for its forms."""
    prices = PriceList.of(None, catalog.MODELS.values())
    proposals = PriceProposal.objects.select_related("current", "decided_by")
    of_ours = proposals.filter(model__in=catalog.MODELS)
    waiting = of_ours.filter(state=ProposalState.PENDING).order_by("model")
    return {
        "waiting": [_waiting(one, prices) for one in waiting],
        "rows": list(_rows(prices)),
        "markups": list(_markups()),
        "readings": PriceReading.objects.order_by("provider", "-id").distinct("provider"),
        "decided": proposals.exclude(state=ProposalState.PENDING)[:DECIDED_SHOWN],
        "bound": settings.PRICE_AUTO_ACCEPT_PERCENT,
    }


def _waiting(proposal: PriceProposal, prices: PriceList) -> Waiting:
    model = catalog.get_model(proposal.model)
    before = prices.terms(model, proposal.current.price)
    after = prices.terms(model, proposal.price)
    examples = [
        Example(label, before.most(model, params), after.most(model, params))
        for label, params in _examples(model)
    ]
    return Waiting(proposal, model.name, [] if proposal.withdrawn else examples)


def _examples(model: Model) -> Iterator[tuple[str, dict[str, Json]]]:
    yield "One image", {}
    size = model.parameters.get("image_size")
    if isinstance(size, Size):
        side = size.maximum
        yield f"{side} × {side} pixels", {"image_size": {"width": side, "height": side}}
    if model.max_images > 1:
        yield f"{model.max_images} images", {"num_images": model.max_images}


def _rows(prices: PriceList) -> Iterator[Row]:
    history: dict[str, list[PriceVersion]] = defaultdict(list)
    for version in PriceVersion.objects.select_related("accepted_by"):
        history[version.model].append(version)
    for model in catalog.MODELS.values():
        found = prices.versions.get(model.id)
        if found:
            versions = history[model.id]
            in_force = next(one for one in versions if one.pk == found.pk)
            one_image = None if found.withdrawn else prices.quote(model, {}).amount
            earlier = [one for one in versions if one.effective_from < found.effective_from]
            yield Row(model.name, in_force, one_image, earlier)


def _markups() -> Iterator[MarkupRow]:
    newest = Markup.objects.newest().select_related("team", "created_by")
    for one in sorted(newest, key=lambda one: (str(one.team or ""), one.model)):
        if not one.ended:
            yield MarkupRow(one, catalog.name_of(one.model))
