"""Reads GET /v1/models/pricing: what fal asks for a unit of each model."""

from collections.abc import Mapping, Sequence

from generations.providers.answers import NANO_USD_PER_USD, scaled
from generations.providers.base import ListedPrice, RawAnswer
from generations.providers.decoding import decode, mapping, string
from generations.providers.errors import UnreadableAnswer

MODELS_A_CALL = 50
_LONGEST_WORD = 40


def query(models: Sequence[str]) -> dict[str, str | int]:
    return {"endpoint_id": ",".join(models)}


def read_page(raw: RawAnswer) -> list[ListedPrice]:
    """The prices of those asked for. Raises UnreadableAnswer if they are no list."""
    try:
        rows = mapping(decode(raw.body)).get("prices")
    except ValueError:
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableAnswer("fal's prices are not in the documented form", raw=raw)
    return [_read(row) for row in rows]


def _read(row: Mapping[str, object]) -> ListedPrice:
    name = string(row.get("endpoint_id"))
    unit = string(row.get("unit")).strip().lower().removesuffix("s")
    nano_usd = scaled(row.get("unit_price"), NANO_USD_PER_USD)
    why = ""
    if string(row.get("currency")).upper() not in {"", "USD"}:
        why = "it is not in US dollars"
    elif unit not in {"image", "megapixel"}:
        why = f"it is a price per “{unit[:_LONGEST_WORD]}”"
    elif not nano_usd:
        why = "its price is no amount above zero"
    return ListedPrice(name, frozenset({name}), None if why else nano_usd, "" if why else unit, why)
