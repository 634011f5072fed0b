"""What the catalog says about a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from generations.parameters import Integer, Parameter, ReferenceImages

PROVIDERS = {"aimlapi": "AIML API", "fal": "fal"}


def provider_name(provider: str) -> str:
    """As people know it; as it is where nobody has said how."""
    return PROVIDERS.get(provider, provider)


class Unit(StrEnum):
    IMAGE = "image"
    MEGAPIXEL = "megapixel"


@dataclass(frozen=True, slots=True)
class Price:
    """What the provider asks, in nano-USD, as far as it was known on a day."""

    nano_usd: int
    unit: Unit
    source: str
    further_nano_usd: int | None = None  # for each megapixel after the first; None: as the first
    counts_inputs: bool = False  # reference images are billed by the megapixel too
    as_of: date = date(2026, 8, 30)

    @property
    def further(self) -> int:
        return self.nano_usd if self.further_nano_usd is None else self.further_nano_usd


def per_image(dollars: str, source: str) -> Price:
    return Price(_nano_usd(dollars), Unit.IMAGE, source)


def per_megapixel(
    dollars: str, source: str, *, further: str = "", counts_inputs: bool = False
) -> Price:
    """`further` is the price of each megapixel after the first, where it is another one."""
    more = _nano_usd(further) if further else None
    return Price(_nano_usd(dollars), Unit.MEGAPIXEL, source, more, counts_inputs)


def _nano_usd(dollars: str) -> int:
    return int(Decimal(dollars) * 10**9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """One model of one provider. `id` is the provider's own name for it."""

    id: str
    name: str
    purpose: str
    family: str
    parameters: Mapping[str, Parameter]  # in the vendor's names, without model and prompt
    price: Price
    typical_seconds: int
    provider: str = "aimlapi"
    aliases: tuple[str, ...] = ()
    featured: bool = False
    prompt_max: int = 4000
    same_as: str = ""  # the id of the same model at another provider, said on one side

    @property
    def max_images(self) -> int:
        count = self.parameters.get("num_images")
        return (count.maximum or 1) if isinstance(count, Integer) else 1

    @property
    def reference(self) -> ReferenceImages | None:
        found = (p for p in self.parameters.values() if isinstance(p, ReferenceImages))
        return next(found, None)
