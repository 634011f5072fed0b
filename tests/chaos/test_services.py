"""The whole path with Redis as broker and an S3 store, and all that these two are capable of."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from config import parts
from config.paths import BASE
from tests.chaos.conftest import QUICK
from tests.chaos.evidence import FLUX, Evidence
from tests.chaos.services import BUCKET, Proxy, Redis, object_store, s3, to_s3
from tests.instance import OWNER, TEAM, free_port, running

pytestmark = [pytest.mark.process, pytest.mark.slow]

# What one waits for Redis before going on without it, twice, on a machine that does more.
ACCEPT_SECONDS = 5.0
SMALL = {"image_size": {"width": 512, "height": 512}}
OWNERS = "SELECT DISTINCT lease_owner FROM generations_generationrequest WHERE prompt ~ 'upgrade'"
# What an upgrade does to tables that are being written.
MIGRATION = (
    "ALTER TABLE generations_generationrequest ADD COLUMN later varchar(9) DEFAULT '' NOT NULL",
    "ALTER TABLE generations_attempt ADD COLUMN later varchar(9) DEFAULT '' NOT NULL",
    "CREATE INDEX later ON generations_attempt (later)",
    "ALTER TABLE generations_image ADD CONSTRAINT later CHECK (size >= 0)",
)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def to_broker(broker: Redis) -> Iterator[Proxy]:
    proxy = Proxy(broker.port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def to_store() -> Iterator[Proxy]:
    with object_store() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def darkroom(
    to_broker: Proxy, to_store: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evidence]:
    services = {"REDIS_URL": f"redis://127.0.0.1:{to_broker.port}/0", **to_s3(to_store)}
    data = Path(tmp_path_factory.mktemp("services"))
    with running(data, **QUICK | services) as instance:
        evidence = Evidence(instance)
        yield evidence
        evidence.close()


@pytest.fixture(scope="module")
def client(darkroom: Evidence) -> Iterator[httpx.Client]:
    """A program with a token, at the gateway."""
    token = darkroom.instance.manage("create_token", OWNER, TEAM).stdout.strip()
    headers = {"Authorization": f"Bearer {token}", "Prefer": "respond-async"}
    url = f"{darkroom.instance.url}/v1/"
    with httpx.Client(base_url=url, headers=headers, timeout=30) as found:
        yield found


def ask(client: httpx.Client, prompt: str, **headers: str) -> httpx.Response:
    wish = {"model": FLUX, "prompt": prompt, **SMALL}
    return client.post("images/generations", json=wish, headers=headers)


def test_the_whole_path_runs_through_redis_and_s3(
    darkroom: Evidence, broker: Redis, to_store: Proxy
) -> None:
    darkroom.ask("a lighthouse", count=2)
    darkroom.wait_for_the_end()
    darkroom.check()
    found = s3(to_store).list_objects_v2(Bucket=BUCKET)["Contents"]
    names = sorted(entry["Key"].rpartition("/")[2] for entry in found)
    assert names == sorted(["original.jpg", "320.webp", "640.webp", "1280.webp"] * 2)
    assert not (darkroom.instance.data / "media").exists()
    assert broker.client.dbsize() > 0


def test_a_redis_that_forgets_and_dies_loses_no_request(darkroom: Evidence, broker: Redis) -> None:
    for outage in ("first", "second"):
        darkroom.ask(f"before the {outage} outage", count=10)
        darkroom.wait_until(lambda: "sending" in darkroom.statuses("outage"))
        broker.client.flushall()
        broker.kill()
        darkroom.ask(f"during the {outage} outage")
        # Every thread ends its call and takes up the next ticket, with nobody to tell of either.
        time.sleep(2)
        broker.start()
        darkroom.wait_for_status("outage", "succeeded")
    darkroom.wait_for_the_end()
    darkroom.check()
    assert {row.attempts for row in darkroom.rows()} == {1}


def test_a_redis_that_forgets_a_long_queue_delays_it(darkroom: Evidence, broker: Redis) -> None:
    darkroom.order_fault("delay", match="backlog", seconds=0.1, times=80)
    darkroom.ask("backlog", count=80)
    broker.client.flushall()
    darkroom.wait_for_the_end()
    assert {(row.status, row.attempts) for row in darkroom.rows("backlog")} == {("succeeded", 1)}


def test_a_redis_that_hangs_keeps_nobody_from_asking(
    darkroom: Evidence, broker: Redis, client: httpx.Client
) -> None:
    broker.freeze()
    try:
        answers = [ask(client, f"frozen {number}") for number in range(3)]
        pages = [httpx.get(f"{darkroom.instance.url}/{path}") for path in ("signin/", "healthz")]
    finally:
        broker.thaw()
    assert [one.status_code for one in answers + pages] == [202] * 3 + [200] * 2
    assert max(one.elapsed.total_seconds() for one in answers + pages) < ACCEPT_SECONDS
    darkroom.wait_for_the_end()
    assert darkroom.statuses("frozen") == {"succeeded"}


def test_a_double_click_fifty_times_over_is_one_request(
    darkroom: Evidence, client: httpx.Client
) -> None:
    with ThreadPoolExecutor(50) as clicks:
        said = [
            clicks.submit(ask, client, "fifty clicks", **{"Idempotency-Key": "one"})
            for _ in range(50)
        ]
    assert {one.result().status_code for one in said} <= {200, 202}
    darkroom.wait_for_the_end()
    assert darkroom.row("fifty clicks").attempts == 1
    other = ask(client, "something else", **{"Idempotency-Key": "one"})
    assert other.status_code == 409


def test_a_store_that_takes_an_image_and_does_not_say_so_has_it_once(
    darkroom: Evidence, to_store: Proxy
) -> None:
    before = len(keys(to_store))
    to_store.loses_answers = True
    darkroom.ask("unacknowledged")
    darkroom.wait_for_status("unacknowledged", "answered")
    darkroom.wait_for_code("unacknowledged", "storage")
    to_store.loses_answers = False
    darkroom.wait_for_the_end()
    assert darkroom.row("unacknowledged").attempts == 1
    assert len(keys(to_store)) == before + 4


def test_images_wait_for_a_store_that_is_broken_and_then_slow(
    darkroom: Evidence, to_store: Proxy
) -> None:
    to_store.is_broken = True
    darkroom.ask("homeless", count=3)
    darkroom.wait_until(
        lambda: {row.error_code for row in darkroom.rows("homeless")} == {"storage"}
    )
    to_store.seconds_late, to_store.is_broken = 0.3, False
    darkroom.wait_for_the_end()
    to_store.seconds_late = 0
    darkroom.check()
    assert {(row.status, row.attempts) for row in darkroom.rows("homeless")} == {("succeeded", 1)}


def test_images_wait_for_a_store_that_refuses_our_keys(darkroom: Evidence, to_store: Proxy) -> None:
    to_store.refuses_keys = True
    darkroom.ask("locked out", count=3)
    darkroom.wait_for_code("locked out", "storage")
    to_store.refuses_keys = False
    darkroom.wait_for_the_end()
    assert {(row.status, row.attempts) for row in darkroom.rows("locked out")} == {("succeeded", 1)}
    darkroom.check()


def test_old_and_new_code_work_beside_each_other_while_tables_change(darkroom: Evidence) -> None:
    darkroom.ask("upgrade", count=12)
    darkroom.wait_until(lambda: "sending" in darkroom.statuses("upgrade"))
    with second_web_and_workers(darkroom) as url:
        migrate(darkroom)
        darkroom.wait_until(lambda: is_ready(url))
        darkroom.wait_until(lambda: both_work(darkroom))
        darkroom.kill("generate", signal.SIGTERM)  # the old one, which ends its calls
        darkroom.wait_for_the_end()
    assert {(row.status, row.attempts) for row in darkroom.rows("upgrade")} == {("succeeded", 1)}
    darkroom.check()


def test_connections_that_died_without_a_word_are_given_up(
    darkroom: Evidence, to_broker: Proxy
) -> None:
    assert to_broker.go_half_open() > 0
    darkroom.ask("after the silence", count=4)
    darkroom.wait_for_status("silence", "succeeded", seconds=90)
    darkroom.wait_for_the_end()
    darkroom.check()


def keys(store: Proxy) -> list[str]:
    return [entry["Key"] for entry in s3(store).list_objects_v2(Bucket=BUCKET)["Contents"]]


@contextlib.contextmanager
def second_web_and_workers(darkroom: Evidence) -> Iterator[str]:
    """What the next version starts before the last one stops; yields where its pages are."""
    port = free_port()
    web = parts.web_command()
    web[web.index("--port") + 1] = str(port)
    commands = [web, parts.worker_command("generate"), parts.worker_command("media")]
    environment = darkroom.instance.environment | {
        "DATABASE_URL": darkroom.instance.database_url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    started = [
        subprocess.Popen(command, cwd=BASE, env=environment, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True)
        for command in commands
    ]  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)


def both_work(darkroom: Evidence) -> bool:
    darkroom.ask("upgrade, for both", count=4)
    time.sleep(0.5)
    return len(darkroom.sql(OWNERS)) > 1


def migrate(darkroom: Evidence) -> None:
    for step in MIGRATION:
        darkroom.sql(step)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False
