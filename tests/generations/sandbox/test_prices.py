"""The sandbox's prices, told otherwise by a test: listed so, and billed so."""

from collections.abc import Iterator

import pytest

from tests.generations.sandbox.running import RunningSandbox

pytestmark = pytest.mark.process

DEV = "flux/dev"


@pytest.fixture(autouse=True)
def _as_before(server: RunningSandbox) -> Iterator[None]:
    yield
    server.client.delete("/_sandbox/prices")


def listed(server: RunningSandbox, model: str = DEV) -> object:
    found = server.client.get("/v1/models", params={"include": "pricing", "id": model}).json()
    return [one["pricing"] for one in found["data"]]


def test_a_price_is_listed_and_billed_as_it_was_told(server: RunningSandbox) -> None:
    server.price({DEV: {"price": 0.04, "per": "image"}})
    assert listed(server) == [
        {"kind": "fixed", "currency": "USD", "units": [{"price": 0.04, "per": "image"}]}
    ]
    server.generate(DEV, num_images=2)
    assert server.last_call()["credits"] == 160_000


def test_a_model_that_is_withdrawn_is_neither_listed_nor_made(server: RunningSandbox) -> None:
    server.price({DEV: None})
    assert listed(server) == []
    assert server.generate(DEV).status_code == 404


def test_a_pricing_of_another_kind_is_listed_as_it_was_told(server: RunningSandbox) -> None:
    server.price({DEV: {"kind": "variable"}})
    assert listed(server) == [{"kind": "variable"}]
    assert server.generate(DEV).status_code == 200


def test_forgotten_the_catalogs_price_counts_again(server: RunningSandbox) -> None:
    before = listed(server)
    server.price({DEV: {"price": 0.04}})
    server.client.delete("/_sandbox/prices")
    assert listed(server) == before


@pytest.mark.parametrize(
    "said", [[], {"no-such-model": None}, {DEV: 3}, {DEV: {"per": "image"}}, {DEV: {"price": "?"}}]
)
def test_nonsense_is_refused(server: RunningSandbox, said: object) -> None:
    assert server.client.post("/_sandbox/prices", json=said).status_code == 400
