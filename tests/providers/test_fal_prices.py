"""Reading fal's prices: a unit of each model, and what cannot be read of one."""

import json

import pytest

from generations.providers import fal_prices
from generations.providers.base import ListedPrice, RawAnswer
from generations.providers.errors import UnreadableAnswer

MODEL = "fal-ai/flux/dev"


def page(*rows: object) -> RawAnswer:
    return RawAnswer(200, {}, json.dumps({"prices": list(rows), "has_more": False}), 0.1)


def row(**changes: object) -> dict[str, object]:
    known = {"endpoint_id": MODEL, "unit_price": 0.025, "unit": "megapixels", "currency": "USD"}
    return known | changes


def test_a_price_is_that_of_a_unit() -> None:
    assert fal_prices.read_page(page(row(), row(unit="image", unit_price="0.04"))) == [
        ListedPrice(MODEL, frozenset({MODEL}), 25_000_000, "megapixel", ""),
        ListedPrice(MODEL, frozenset({MODEL}), 40_000_000, "image", ""),
    ]


@pytest.mark.parametrize(
    "changes",
    [{"currency": "EUR"}, {"unit": "seconds"}, {"unit_price": 0}, {"unit_price": None}],
)
def test_what_is_no_price_of_an_image_is_told_of_that_model(changes: dict[str, object]) -> None:
    (found,) = fal_prices.read_page(page(row(**changes)))
    assert (found.nano_usd, found.unit) == (None, "")
    assert found.why


@pytest.mark.parametrize("body", ["", "[]", '{"prices": null}', '{"prices": [1]}', "<html>"])
def test_what_is_no_list_is_not_read(body: str) -> None:
    with pytest.raises(UnreadableAnswer):
        fal_prices.read_page(RawAnswer(200, {}, body, 0.1))
