import json
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from generations.providers.aimlapi import AimlApi
from generations.providers.base import LogEntry
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from tests.providers.conftest import Connect, Serve
from tests.providers.servers import KEY, Behaviour, Server, fall_silent, says

SINCE = datetime(2026, 7, 2, 3, 0, tzinfo=UTC)
UNTIL = datetime(2026, 7, 2, 4, 0, tzinfo=UTC)


def row(client_request_id: str | None, **changes: object) -> dict[str, object]:
    return {
        "created": "2026-07-02T03:04:05.000Z",
        "status": "succeeded",
        "origin": "api",
        "model": "flux/dev",
        "cost": {"usd": 0.026, "credits": 52000},
        "tokens": {"input": 0, "output": 0, "total": 0},
        "request_id": "req-1",
        "inference_id": "inf-1",
        "client_request_id": client_request_id,
        **changes,
    }


def page(rows: Sequence[object], *, has_more: bool = False) -> Behaviour:
    pagination = {"limit": 100, "offset": 0, "total": len(rows), "has_more": has_more}
    return says(json.dumps({"data": rows, "pagination": pagination}))


def find(api: AimlApi, client_request_id: str = "0199.1") -> LogEntry | None:
    told = find_all(api, {client_request_id}).get(client_request_id)
    if isinstance(told, ProviderError):
        raise told
    return told


def find_all(api: AimlApi, ids: set[str]) -> dict[str, LogEntry | ProviderError]:
    return dict(api.find_in_log(client_request_ids=ids, since=SINCE, until=UNTIL))


def query_of(server: Server, index: int) -> dict[str, list[str]]:
    path = server.heads[index].split()[1]
    assert path.startswith("/v2/logs?")
    return parse_qs(path.partition("?")[2])


def test_a_request_is_found_by_the_id_we_sent(serve: Serve, connect: Connect) -> None:
    server = serve(page([row(None), row("0199.2"), row("0199.1")]))
    assert find(connect(server)) == LogEntry(
        client_request_id="0199.1",
        inference_id="inf-1",
        status="succeeded",
        succeeded=True,
        cost_nano_usd=26_000_000,
        created_at=datetime(2026, 7, 2, 3, 4, 5, tzinfo=UTC),
    )
    assert f"authorization: bearer {KEY}" in server.heads[0].lower()


def test_every_page_is_read_a_hundred_rows_at_a_time(serve: Serve, connect: Connect) -> None:
    full = [row(f"other.{n}") for n in range(100)]
    server = serve(page(full, has_more=True), page(full, has_more=True), page([row("0199.1")]))
    assert find(connect(server))
    assert [query_of(server, n)["offset"] for n in range(3)] == [["0"], ["100"], ["200"]]
    assert query_of(server, 0) == {
        "start": ["2026-07-02T03:00:00.000Z"],
        "end": ["2026-07-02T04:00:00.000Z"],
        "limit": ["100"],
        "offset": ["0"],
    }


def test_many_requests_are_found_in_one_reading_that_ends_with_the_last_of_them(
    serve: Serve, connect: Connect
) -> None:
    first, second = [row("a"), row("b", status="running")], [row("c"), row("other")]
    pages = [page(rows, has_more=True) for rows in (first, second, [row("a")])]
    server = serve(*pages)
    told = find_all(connect(server), {"a", "b", "c"})
    assert {name: isinstance(what, LogEntry) for name, what in told.items()} == {
        "a": True,
        "b": False,  # unclear, and the others are found all the same
        "c": True,
    }
    assert len(server.requests) == 2


def test_a_shorter_page_than_asked_for_loses_no_row(serve: Serve, connect: Connect) -> None:
    server = serve(page([row("a"), row("b")], has_more=True), page([row("0199.1")]))
    assert find(connect(server))
    assert query_of(server, 1)["offset"] == ["2"]


def test_absence_is_none_once_the_last_page_is_read(serve: Serve, connect: Connect) -> None:
    server = serve(page([row("a")], has_more=True), page([row("b")]))
    assert find(connect(server)) is None
    assert len(server.requests) == 2


def test_without_a_word_on_more_a_full_page_is_not_the_last(serve: Serve, connect: Connect) -> None:
    full = json.dumps({"data": [row("a")] * 100})
    server = serve(says(full), says(json.dumps({"data": []})))
    assert find(connect(server)) is None
    assert len(server.requests) == 2


def test_a_failed_request_cost_nothing(serve: Serve, connect: Connect) -> None:
    failed = row("0199.1", status="failed", cost={"usd": 0, "credits": 0}, created="when?")
    entry = find(connect(serve(page([failed]))))
    assert entry
    assert (entry.succeeded, entry.cost_nano_usd, entry.created_at) == (False, 0, None)


def test_of_two_rows_the_one_that_cost_counts(serve: Serve, connect: Connect) -> None:
    rows = [row("0199.1", status="failed", cost={}), row("0199.1", cost={"credits": 2})]
    entry = find(connect(serve(page(rows))))
    assert entry
    assert (entry.succeeded, entry.cost_nano_usd) == (True, 1000)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "{}",
        "[]",
        '{"data": null}',
        '{"data": {}}',
        '{"data": [7]}',
        '{"data": [], "pagination": {"has_more": true}}',
        json.dumps({"data": [row("0199.1", status="running")]}),
        json.dumps({"data": [row("0199.1", cost=None)]}),
        json.dumps({"data": [row("0199.1", cost={"usd": "a lot"})]}),
    ],
)
def test_a_log_in_doubt_is_an_error_not_an_absence(
    serve: Serve, connect: Connect, body: str
) -> None:
    server = serve(says(body))
    with pytest.raises(ProviderError) as caught:
        find(connect(server))
    assert (caught.value.outcome, caught.value.kind) == (Outcome.UNKNOWN, ErrorKind.UNREADABLE)
    assert len(server.requests) == 1


def test_a_log_without_end_is_an_error_not_an_absence(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.providers.usage_log.MAX_PAGES", 3)
    server = serve(page([row("a")], has_more=True))
    with pytest.raises(ProviderError, match="too many rows"):
        find(connect(server))
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (says('{"message": "Too many"}', status=429), ErrorKind.RATE_LIMITED),
        (says("", status=401), ErrorKind.UNAUTHORIZED),
        (says("", status=500), ErrorKind.SERVER),
        (fall_silent, ErrorKind.TIMEOUT),
    ],
)
def test_a_log_that_cannot_be_asked_is_an_error(
    serve: Serve,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Behaviour,
    kind: ErrorKind,
) -> None:
    monkeypatch.setattr("generations.providers.aimlapi.LOG_DEADLINE", 0.3)
    with pytest.raises(ProviderError) as caught:
        find(connect(serve(behaviour)))
    assert caught.value.kind is kind
