"""Reads GET /v1/models?include=pricing. What is unclear about a model is said of that one alone."""

from collections.abc import Iterable, Iterator, Mapping

from generations.providers.answers import NANO_USD_PER_USD, scaled
from generations.providers.base import ListedPrice, RawAnswer
from generations.providers.decoding import decode, mapping, sequence, string
from generations.providers.errors import UnreadableAnswer

QUERY = {"include": "pricing"}
_UNITS = {
    **dict.fromkeys(("image", "images", "generation", "request"), "image"),
    **dict.fromkeys(("megapixel", "megapixels", "mp"), "megapixel"),
}
_LONGEST_WORD = 40


class _Unclear(Exception):
    """Why a price cannot be read."""


def read_prices(raw: RawAnswer) -> list[ListedPrice]:
    """What every listed model costs. Raises UnreadableAnswer if it is no list of models."""
    try:
        document = mapping(decode(raw.body))
    except ValueError:
        document = {}
    rows = [mapping(row) for row in sequence(document.get("data"))]
    if not any(_names(row) for row in rows):
        raise UnreadableAnswer("The provider's list of models is empty or unreadable", raw=raw)
    return [_read(row) for row in rows if _names(row)]


def _names(row: Mapping[str, object]) -> frozenset[str]:
    """A model may be listed under a name that is an alias elsewhere."""
    return frozenset(filter(None, map(string, (row.get("id"), *sequence(row.get("aliases"))))))


def _read(row: Mapping[str, object]) -> ListedPrice:
    names, own = _names(row), string(row.get("id"))
    try:
        nano_usd, unit = _highest(_rates(mapping(row.get("pricing"))))
    except _Unclear as why:
        return ListedPrice(own, names, None, "", str(why))
    return ListedPrice(own, names, nano_usd, unit, "")


def _rates(pricing: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Every rate that is quoted: documented in one place a kind, and seen in others."""
    if string(pricing.get("currency")).upper() not in {"", "USD"}:
        raise _Unclear("it is not in US dollars")
    if pricing.get("kind") == "variable":
        raise _Unclear("the provider quotes no price before a request")
    if "price" in pricing:
        yield pricing
    for name in ("units", "variants"):
        listed = pricing.get(name)
        for rate in map(mapping, sequence(listed) or (listed,)):
            nested = sequence(rate.get("units"))
            yield from map(mapping, nested) if nested else filter(None, (rate,))


def _highest(rates: Iterable[Mapping[str, object]]) -> tuple[int, str]:
    """The dearest of them, because a hold has to cover whatever is chosen."""
    read = [_rate(rate) for rate in rates]
    units = {unit for _, unit in read}
    if len(units) != 1:
        raise _Unclear("it names several units" if units else "no price is listed")
    return max(read)


def _rate(rate: Mapping[str, object]) -> tuple[int, str]:
    nano_usd = scaled(rate.get("price"), NANO_USD_PER_USD)
    if not nano_usd:
        raise _Unclear("its price is no amount above zero")
    per = string(rate.get("per"))
    unit = _UNITS.get(per.strip().lower().removeprefix("per ").removeprefix("1 "))
    if unit is None:
        raise _Unclear(f"it is a price per “{per[:_LONGEST_WORD]}”")
    return nano_usd, unit
