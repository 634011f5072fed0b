"""What a request costs the provider's customer: one rule for the price book and the sandbox's bill.

Whole numbers only: nano-USD from the provider's price, then microcredits, rounded up once.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from accounts.money import format_credits, say_credits
from generations import references
from generations.catalog import Model, Price, Unit, dimensions, reference_images
from generations.parameters import Json

__all__ = [
    "Price",
    "format_credits",
    "format_usd",
    "markup_words",
    "percent_words",
    "price_words",
    "provider_cost",
    "rounding_words",
    "to_microcredits",
    "units_cost",
]

MICRO = 10**6
NANO = 10**9
WHOLE = 10_000  # basis points


def provider_cost(model: Model, params: Mapping[str, Json], price: Price | None = None) -> int:
    """The most these parameters can cost in nano-USD, at this price or else the catalog's."""
    count = params.get("num_images", 1)
    return _per_image(model, params, price or model.price) * int(str(count))


def to_microcredits(nano_usd: int, *, credits_per_usd: int, basis_points: int = 0) -> int:
    """Microcredits for an amount of nano-USD and a part of it on top, rounded up once."""
    return -(-nano_usd * credits_per_usd * MICRO * (WHOLE + basis_points) // (NANO * WHOLE))


def price_words(price: Price) -> str:
    """What the provider asks: "$0.039 for the first megapixel, $0.0195 for each further one"."""
    words = f"{format_usd(price.nano_usd)} per {price.unit}"
    if price.further != price.nano_usd:
        first, further = format_usd(price.nano_usd), format_usd(price.further)
        words = f"{first} for the first megapixel, {further} for each further one"
    return f"{words}, reference images count too" if price.counts_inputs else words


def percent_words(basis_points: int) -> str:
    """Hundredths of a percent, written out: "12.5 %"."""
    whole, rest = divmod(abs(basis_points), 100)
    decimals = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{whole:,}{decimals} %"


def markup_words(basis_points: int, per_image: int) -> str:
    """What a team pays beside the provider's cost or instead of it: "12.5 % on top", "20 % off"."""
    fixed = f"{say_credits(per_image)} per image" if per_image else ""
    if basis_points == -WHOLE:
        return f"{fixed}, whatever the provider takes"
    part = percent_words(basis_points)
    above = " and ".join(filter(None, (part if basis_points > 0 else "", fixed)))
    words = (f"{part} off" if basis_points < 0 else "", f"{above} on top" if above else "")
    return ", ".join(filter(None, words)) or "nothing on top"


def rounding_words(price: Price) -> str:
    """How pixels and credits are rounded at this price."""
    if price.unit is Unit.IMAGE:
        pixels = "each megapixel begun after an image's first is reserved like one more image"
    else:
        pixels = f"each megapixel begun counts, of {references.MEGAPIXEL:,} pixels"
    return f"{pixels}; credits are rounded up once a request"


def units_cost(price: Price, units: Decimal) -> int:
    """Nano-USD for what the provider counted, in the unit of the price."""
    return int((units * price.nano_usd).to_integral_value(ROUND_HALF_UP))


def format_usd(nano_usd: int) -> str:
    """The exact amount in US dollars: "$12", "-$0.033"."""
    whole, rest = divmod(abs(nano_usd), NANO)
    sign = "-" if nano_usd < 0 else ""
    decimals = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{sign}${whole:,}{decimals}"


def _per_image(model: Model, params: Mapping[str, Json], price: Price) -> int:
    inputs = [_input_megapixels(image) for image in reference_images(model, params)] or [1]
    megapixels = _output_megapixels(model, params, inputs)
    if price.counts_inputs:
        megapixels += sum(inputs)
    return price.nano_usd + price.further * (megapixels - 1)


def _output_megapixels(model: Model, params: Mapping[str, Json], inputs: list[int]) -> int:
    """Megapixels begun, for a price per image too: that it covers more is not documented."""
    if "aspect_ratio" in model.parameters:
        return 1  # nobody chooses the pixels, so the price is for whatever the model makes
    size = model.parameters.get("image_size")
    if size and (params.get("image_size") or size.default):
        return _megapixels(dimensions(model, params))
    return max(inputs)  # the image has the size of its reference


def _input_megapixels(reference: str) -> int:
    """Megapixels begun, at least one; a picture behind an address may have the most."""
    size = references.size(reference)
    return (
        min(_megapixels(size), references.MOST_MEGAPIXELS) if size else references.MOST_MEGAPIXELS
    )


def _megapixels(size: tuple[int, int]) -> int:
    return -(-size[0] * size[1] // references.MEGAPIXEL)
