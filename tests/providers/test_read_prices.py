"""Reading the provider's list of models: prices in every shape that is documented or seen."""

import json

import pytest

from generations.providers.base import ListedPrice
from generations.providers.errors import ErrorKind, ProviderError
from tests.providers.conftest import Connect, Serve
from tests.providers.servers import Behaviour, says

RATE = {"price": 0.033, "per": "image"}


def listing(*rows: object) -> Behaviour:
    return says(json.dumps({"object": "list", "data": list(rows)}))


def row(pricing: object, *, name: object = "flux/dev", aliases: object = ()) -> dict[str, object]:
    return {"id": name, "aliases": aliases, "type": "image", "pricing": pricing}


def fixed(*units: object, **more: object) -> dict[str, object]:
    return {"kind": "fixed", "currency": "USD", "units": list(units), **more}


def read(serve: Serve, connect: Connect, *rows: object) -> list[ListedPrice]:
    return connect(serve(listing(*rows))).read_prices([])


def test_a_price_is_read_with_the_names_of_its_model(serve: Serve, connect: Connect) -> None:
    server = serve(listing(row(fixed(RATE), aliases=["flux-dev"])))
    assert connect(server).read_prices([]) == [
        ListedPrice("flux/dev", frozenset({"flux/dev", "flux-dev"}), 33_000_000, "image", "")
    ]
    assert server.heads[0].startswith("GET /v1/models?include=pricing ")
    assert "authorization" not in server.heads[0].lower()


@pytest.mark.parametrize(
    "pricing",
    [
        fixed({"price": "0.033", "per": "per image"}),
        fixed({"price": 0.033, "per": "1 Image"}, currency="usd"),
        {"kind": "fixed", "units": RATE},
        {"kind": "fixed", **RATE},
        {"currency": "USD", "units": [RATE]},
        {"kind": "variants", "dimensions": ["quality"], "variants": [{"quality": "low", **RATE}]},
        {"kind": "variants", "variants": [{"quality": "low", "units": [RATE]}]},
        fixed({"price": 0.02, "per": "image"}, RATE),
    ],
)
def test_a_price_is_read_in_any_shape_and_of_several_the_dearest(
    serve: Serve, connect: Connect, pricing: object
) -> None:
    [found] = read(serve, connect, row(pricing))
    assert (found.nano_usd, found.unit, found.why) == (33_000_000, "image", "")


@pytest.mark.parametrize(
    ("pricing", "why"),
    [
        (None, "no price is listed"),
        (fixed(), "no price is listed"),
        ({"kind": "variable"}, "no price before a request"),
        (fixed(RATE, currency="EUR"), "not in US dollars"),
        (fixed({"price": 0, "per": "image"}), "no amount above zero"),
        (fixed({"price": -1_000_000, "per": "image"}), "no amount above zero"),
        (fixed({"price": "free", "per": "image"}), "no amount above zero"),
        (fixed({"price": 0.033}), "a price per “”"),
        (fixed({"price": 0.033, "per": "second"}), "a price per “second”"),
        (fixed(RATE, {"price": 0.02, "per": "megapixel"}), "several units"),
        (fixed(RATE, {"price": None, "per": "image"}), "no amount above zero"),
    ],
)
def test_a_price_in_doubt_is_no_price_and_says_why(
    serve: Serve, connect: Connect, pricing: object, why: str
) -> None:
    [found] = read(serve, connect, row(pricing))
    assert (found.nano_usd, found.unit) == (None, "")
    assert why in found.why


def test_a_row_without_a_name_hides_no_other(serve: Serve, connect: Connect) -> None:
    rows = [7, row(fixed(RATE), name=None), row(fixed(RATE), aliases=[None, 3])]
    assert [one.model for one in read(serve, connect, *rows)] == ["flux/dev"]


@pytest.mark.parametrize("body", ["<html>", "{}", '{"data": []}', '{"data": [7]}'])
def test_a_list_without_models_is_an_error(serve: Serve, connect: Connect, body: str) -> None:
    with pytest.raises(ProviderError) as caught:
        connect(serve(says(body))).read_prices([])
    assert caught.value.kind is ErrorKind.UNREADABLE
