"""What a request costs: one function for the button, the hold and the sandbox's bill.

Whole numbers only: nano-USD from the provider's price, then microcredits, rounded up once.
"""

from collections.abc import Mapping

from accounts.money import format_credits
from generations import references
from generations.catalog import Model, Price, dimensions, reference_images
from generations.parameters import Json

__all__ = [
    "Price",
    "format_credits",
    "format_usd",
    "hold_amount",
    "price_label",
    "provider_cost",
    "to_microcredits",
]

MICRO = 10**6
NANO = 10**9
MOST_INPUT_MEGAPIXELS = 4  # providers shrink anything bigger before they bill it


def provider_cost(model: Model, params: Mapping[str, Json]) -> int:
    """The most these parameters can cost, in nano-USD."""
    count = params.get("num_images", 1)
    return _per_image(model, params) * int(str(count))


def to_microcredits(nano_usd: int, *, credits_per_usd: int) -> int:
    """Microcredits for an amount of nano-USD, rounded up."""
    return -(-nano_usd * credits_per_usd * MICRO // NANO)


def hold_amount(model: Model, params: Mapping[str, Json], *, credits_per_usd: int) -> int:
    """Microcredits to show and to reserve before a request is sent."""
    return to_microcredits(provider_cost(model, params), credits_per_usd=credits_per_usd)


def format_usd(nano_usd: int) -> str:
    """The exact amount in US dollars: "$12", "-$0.033"."""
    whole, rest = divmod(abs(nano_usd), NANO)
    sign = "-" if nano_usd < 0 else ""
    decimals = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{sign}${whole:,}{decimals}"


def price_label(model: Model, *, credits_per_usd: int) -> str:
    """What one image with the model's defaults costs: "3.3 credits"."""
    return f"{format_credits(hold_amount(model, {}, credits_per_usd=credits_per_usd))} credits"


def _per_image(model: Model, params: Mapping[str, Json]) -> int:
    price = model.price
    inputs = [_input_megapixels(image) for image in reference_images(model, params)] or [1]
    megapixels = _output_megapixels(model, params, inputs)
    if price.counts_inputs:
        megapixels += sum(inputs)
    return price.nano_usd + price.further * (megapixels - 1)


def _output_megapixels(model: Model, params: Mapping[str, Json], inputs: list[int]) -> int:
    """Megapixels begun, for a price per image too: that it covers more is not documented."""
    if "aspect_ratio" in model.parameters:
        return 1  # nobody chooses the pixels, so the price is for whatever the model makes
    if "image_size" in model.parameters:
        return _megapixels(dimensions(model, params))
    return max(inputs)  # the image has the size of its reference


def _input_megapixels(reference: str) -> int:
    """Megapixels begun, at least one; a picture behind an address may have the most."""
    size = references.size(reference)
    return min(_megapixels(size), MOST_INPUT_MEGAPIXELS) if size else MOST_INPUT_MEGAPIXELS


def _megapixels(size: tuple[int, int]) -> int:
    return -(-size[0] * size[1] // references.MEGAPIXEL)
