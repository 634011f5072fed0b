"""The cache over a Redis server that goes away."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import cache
from tests.chaos.services import Redis


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setattr(cache, "_asked_again_at", float("-inf"))
    running = Redis(tmp_path)
    yield running
    running.thaw()
    running.kill()


@pytest.fixture
def shared(server: Redis) -> cache.SharedCache:
    made = cache.SharedCache(f"redis://127.0.0.1:{server.port}/0", {})
    made._own.clear()
    return made


def test_what_is_kept_is_in_redis(shared: cache.SharedCache, server: Redis) -> None:
    shared.set("tries", 1)
    assert shared.get("tries") == 1
    assert server.client.dbsize() == 1


def test_without_redis_this_process_goes_on_counting(
    shared: cache.SharedCache, server: Redis
) -> None:
    server.kill()
    assert shared.add("lock", True)
    assert not shared.add("lock", True)
    shared.set("tries", 1)
    assert shared.get("tries") == 1
    assert shared.delete("lock")


def test_a_redis_that_hangs_is_waited_for_once(shared: cache.SharedCache, server: Redis) -> None:
    server.freeze()
    began = time.monotonic()
    for number in range(20):
        shared.set(f"try-{number}", number)
    assert time.monotonic() - began < 3


def test_redis_is_asked_again_after_a_while(
    shared: cache.SharedCache, server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "LEFT_ALONE", 0.0)
    server.kill()
    shared.set("tries", 1)
    server.start()
    shared.set("tries", 2)
    assert server.client.dbsize() == 1
