"""Reading the provider's whole log and its list of charges, page by page."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from generations.providers import aimlapi
from generations.providers.aimlapi import AimlApi
from generations.providers.base import Charge, ProviderConfig
from generations.providers.errors import ErrorKind, ProviderError
from tests.generations.sandbox.running import sandbox
from tests.providers.conftest import Connect, Serve
from tests.providers.servers import KEY, Behaviour, Server, says
from tests.providers.test_find_in_log import page, row

SINCE = datetime(2026, 8, 17, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)
TIME = datetime(2026, 8, 17, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aimlapi, "PAGE_SECONDS", 0)


def movement(inference_id: str | None = "inf-1", **changes: object) -> dict[str, object]:
    return {
        "created_at": "2026-08-17T10:00:00.000Z",
        "direction": "CHARGE",
        "type": "MODEL_USAGE",
        "amount": {"usd": 0.026, "credits": 52000},
        "model": "flux/dev",
        "reference_id": inference_id,
        **changes,
    }


def charges(rows: Sequence[object], *, cursor: str | None = None) -> Behaviour:
    pagination = {"next_cursor": cursor, "has_more": cursor is not None}
    return says(json.dumps({"data": rows, "pagination": pagination}))


def read_charges(api: AimlApi) -> list[Charge]:
    return list(api.read_charges(since=SINCE, until=UNTIL))


def query_of(server: Server, index: int) -> dict[str, list[str]]:
    path = server.heads[index].split()[1]
    assert path.startswith("/v2/billing/transactions?")
    return parse_qs(path.partition("?")[2])


def test_a_charge_is_told_with_the_inference_it_was_for(serve: Serve, connect: Connect) -> None:
    server = serve(charges([movement(), movement(None, amount={"credits": 3})]))
    assert read_charges(connect(server)) == [
        Charge("inf-1", 26_000_000, TIME),
        Charge("", 1_500, TIME),
    ]
    assert f"authorization: bearer {KEY}" in server.heads[0].lower()


def test_charges_are_read_to_the_end_by_the_cursor(serve: Serve, connect: Connect) -> None:
    server = serve(charges([movement("a")], cursor="on+"), charges([movement("b")]))
    found = read_charges(connect(server))
    assert [charge.inference_id for charge in found] == ["a", "b"]
    assert query_of(server, 0) == {
        "from": ["2026-08-17T00:00:00.000Z"],
        "to": ["2026-08-18T00:00:00.000Z"],
        "limit": ["100"],
    }
    assert query_of(server, 1)["cursor"] == ["on+"]


def test_money_that_came_in_is_no_charge(serve: Serve, connect: Connect) -> None:
    other = [
        movement(direction="TOPUP", type="PAYMENT"),
        movement(type="CREDITS_EXPIRED"),
        movement(None, direction="TOPUP", type="REFUND"),
        movement("payment-1", type="REFUND"),
    ]
    assert read_charges(connect(serve(charges(other)))) == []


@pytest.mark.parametrize("kind", ["REFUND", "MODEL_USAGE"])
def test_money_that_came_back_for_an_inference_is_below_zero(
    serve: Serve, connect: Connect, kind: str
) -> None:
    rows = [movement(direction="TOPUP", type=kind), movement()]
    found = read_charges(connect(serve(charges(rows))))
    assert [charge.nano_usd for charge in found] == [-26_000_000, 26_000_000]


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "{}",
        '{"data": [7]}',
        '{"data": [], "pagination": {"has_more": true, "next_cursor": null}}',
        json.dumps({"data": [movement(amount=None)]}),
        json.dumps({"data": [movement(created_at="when?")]}),
    ],
)
def test_charges_in_doubt_are_an_error(serve: Serve, connect: Connect, body: str) -> None:
    with pytest.raises(ProviderError) as caught:
        read_charges(connect(serve(says(body))))
    assert caught.value.kind is ErrorKind.UNREADABLE


def test_charges_without_end_are_an_error(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.providers.billing.MAX_PAGES", 3)
    server = serve(charges([movement()], cursor="again"))
    with pytest.raises(ProviderError, match="too many rows"):
        read_charges(connect(server))
    assert len(server.requests) == 3


def test_the_whole_log_is_read_page_by_page(serve: Serve, connect: Connect) -> None:
    failed = row("b", status="failed", cost={"usd": 0, "credits": 0}, inference_id="inf-2")
    server = serve(page([row("a")], has_more=True), page([failed]))
    entries = list(connect(server).read_log(since=SINCE, until=UNTIL))
    assert [(entry.inference_id, entry.cost_nano_usd) for entry in entries] == [
        ("inf-1", 26_000_000),
        ("inf-2", 0),
    ]


@pytest.mark.parametrize("changes", [{"inference_id": ""}, {"created": "when?"}])
def test_a_row_that_cannot_be_told_from_others_is_an_error(
    serve: Serve, connect: Connect, changes: dict[str, object]
) -> None:
    server = serve(page([row("a", **changes)]))
    with pytest.raises(ProviderError, match="without id or time"):
        list(connect(server).read_log(since=SINCE, until=UNTIL))


def test_pages_come_no_faster_than_the_provider_allows(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(aimlapi, "PAGE_SECONDS", 0.4)
    monkeypatch.setattr("time.sleep", pauses.append)
    server = serve(charges([], cursor="a"), charges([], cursor="b"), charges([]))
    read_charges(connect(server))
    assert pauses == [0.4, 0.4]
    assert 60 / 0.4 < 200


def test_what_is_shown_of_a_key_cannot_be_used(serve: Serve, connect: Connect) -> None:
    server = serve(says())
    assert connect(server).key_prefix == KEY[:8]
    assert connect(server, key="short").key_prefix == "sh"


def test_the_sandboxes_log_and_charges_agree() -> None:
    with sandbox() as running:
        api = AimlApi(ProviderConfig(name="AIML API", base_url=running.url, key=running.key))
        for _ in range(3):
            assert running.generate().status_code == 200
        running.fault(fault="status", status=500)
        running.generate()
        since, until = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 1))
        entries = list(api.read_log(since=since, until=until))
        taken = list(api.read_charges(since=since, until=until))
    assert [entry.cost_nano_usd for entry in entries] == [0, 46_000_000, 46_000_000, 46_000_000]
    costly = {entry.inference_id: entry.cost_nano_usd for entry in entries if entry.succeeded}
    assert {charge.inference_id: charge.nano_usd for charge in taken} == costly
