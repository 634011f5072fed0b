"""What only many calls at once can show."""

import gc
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from generations.providers import guard, transport
from generations.providers.errors import DownloadError, ProviderError
from generations.providers.wire import Wire
from tests.providers.conftest import Connect, Serve
from tests.providers.servers import response, says


@pytest.fixture
def eager_collector() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(5, 2, 2)
    yield
    gc.set_threshold(*before)


def open_wire() -> Wire:
    return Wire(until=time.monotonic() + 5, connect_timeout=5, resolver=guard.resolve)


@pytest.mark.usefixtures("eager_collector")
def test_answers_dropped_half_read_do_not_lock_up_other_calls(serve: Serve) -> None:
    """httpcore takes its pool's lock again when the collector finds them: in one pool, for ever."""
    server = serve(says("x" * 300_000))

    def work() -> None:
        for _ in range(40):
            opened = transport.open_stream(httpx.Request("GET", server.url), wire=open_wire())
            body = opened.__enter__().iter_raw()
            garbage: list[object] = [opened, body, next(body)]
            garbage.append(garbage)  # nothing but the collector can take it away

    threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def test_a_stream_left_half_read_takes_its_connection_with_it(serve: Serve) -> None:
    server = serve(says("x" * 300_000))
    for _ in range(20):
        request = httpx.Request("GET", server.url)
        with transport.open_stream(request, wire=open_wire()) as answer:
            next(answer.iter_raw())
    gc.collect()
    assert len(server.requests) == 20


def test_calls_side_by_side_do_not_wait_for_each_other(serve: Serve, connect: Connect) -> None:
    together = threading.Barrier(12, timeout=5)
    server = serve(lambda connection: (together.wait(), connection.sendall(response("{}")))[1])
    api = connect(server)

    def work(index: int) -> int:
        raw = api.generate(payload={"prompt": "x"}, client_request_id=f"0199.{index}")
        return raw.status_code

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(work, range(12))) == [200] * 12


def test_a_proxy_in_the_environment_is_not_asked(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server = serve(says("{}"))
    assert connect(server).generate(payload={}, client_request_id="0199.1").status_code == 200


def test_no_address_and_no_header_is_logged(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(says(status=500))
    with pytest.raises(ProviderError):
        connect(server).generate(payload={}, client_request_id="0199.1")
    with pytest.raises(DownloadError):
        connect(server).download(f"{server.url}/a.png?signature=secret")
    assert caplog.text == ""


def test_one_context_serves_every_call() -> None:
    assert transport.ssl_context() is transport.ssl_context()
