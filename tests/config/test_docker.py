"""The containers' files, checked against the product; the entrypoint is run for real."""

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis
import yaml

from config import embedded, parts
from config.paths import BASE
from tests.config import names
from tests.config.waiting import wait_until
from tests.instance import free_port

DOCKER = BASE / "docker"
ENTRYPOINT = DOCKER / "entrypoint.sh"
BESIDE = {"proxy", "postgres", "redis", "store"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((DOCKER / "compose.yaml").read_text())[
        "services"
    ]
    return found


def _ours(services: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in services.items() if name not in BESIDE}


def test_every_part_has_its_container_and_the_entrypoint_knows_it(
    services: Mapping[str, dict[str, Any]],
) -> None:
    commands = {tuple(service["command"]) for service in _ours(services).values()}
    made = {(part.name,) for part in parts.all_parts(print, {})}
    known = re.search(
        r"^    (.+)\) exec python manage.py part", ENTRYPOINT.read_text(), re.MULTILINE
    )
    assert known
    assert commands == made == {(name,) for name in known[1].split(" | ")}


def test_containers_set_nothing_that_is_not_read(services: Mapping[str, dict[str, Any]]) -> None:
    for service in _ours(services).values():
        assert set(service["environment"]) <= names.read_by_the_product()
    image = re.findall(r"^ +([A-Z][A-Z_]+)=\S+", _dockerfile_stage(-1), re.MULTILINE)
    assert {name for name in image if not name.startswith("PYTHON")} <= names.read_by_the_product()


def test_only_the_proxy_can_be_reached_from_outside(
    services: Mapping[str, dict[str, Any]],
) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    kept_in = {name for name, service in services.items() if service.get("networks") == ["inside"]}
    assert {"postgres", "redis", "store"} <= kept_in


def test_every_container_comes_back_and_can_do_little(
    services: Mapping[str, dict[str, Any]],
) -> None:
    for service in services.values():
        assert service["restart"] == "always"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_what_answers_requests_has_a_health_check(services: Mapping[str, dict[str, Any]]) -> None:
    checked = {name for name, service in services.items() if "healthcheck" in service}
    assert checked == {"web", *BESIDE}


def test_a_call_in_flight_outlives_the_wish_to_stop(
    services: Mapping[str, dict[str, Any]], settings: Any
) -> None:
    grace = int(services["generate"]["stop_grace_period"].removesuffix("s"))
    waits = int(services["generate"]["environment"]["STOP_GRACE_SECONDS"])
    assert grace - 10 > waits > settings.PROVIDER_DEADLINE


def test_no_secret_stands_in_a_file() -> None:
    secret = re.compile(r"(PASSWORD|SECRET\w*|KEY\w*): (?!\$\{\w+:\?)\S")
    assert secret.findall((DOCKER / "compose.yaml").read_text()) == []


def test_redis_throws_nothing_away(services: Mapping[str, dict[str, Any]]) -> None:
    command = " ".join(services["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_the_image_runs_as_an_ordinary_user_on_hashed_requirements() -> None:
    assert re.search(r"^USER 10001$", _dockerfile_stage(-1), re.MULTILINE)
    assert "--require-hashes" in _dockerfile_stage(0)


def test_the_image_carries_only_the_product() -> None:
    lines = (BASE / ".dockerignore").read_text().splitlines()
    carried = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[0] == "*"
    assert all((BASE / name).exists() for name in carried)
    assert carried.isdisjoint({".env", "data", "tests", ".git"})


def test_the_entrypoint_says_what_it_takes(tmp_path: Path) -> None:
    done = _enter([], {"PATH": os.environ["PATH"]})
    assert done.returncode == 64
    assert "usage: web | generate | media | beat | sandbox | manage COMMAND" in done.stderr


def test_a_part_needs_a_database_and_a_broker_that_others_share(tmp_path: Path) -> None:
    done = _enter(["web"], _container(tmp_path))
    assert done.returncode == 1
    assert "set both, or run `up`" in done.stderr


def _dockerfile_stage(number: int) -> str:
    return re.split(r"^FROM ", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)[1:][number]


def _container(data: Path, **environment: str) -> dict[str, str]:
    """What a process in the container has in its environment, on this machine's Python."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ENV_FILE": os.devnull,
        "DARKROOM_DATA": str(data),
        "SECRET_KEY": "given",
        **environment,
    }


def _enter(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(ENTRYPOINT), *command],
        cwd=BASE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def broker(new_folder: Callable[[], Path]) -> Iterator[str]:
    """A Redis server of its own."""
    port = free_port()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    program = shutil.which("redis-server", path=path)
    assert program, "make test provides redis-server"
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(new_folder())]
    with _started(command, dict(os.environ)):
        url = f"redis://127.0.0.1:{port}/0"
        wait_until(lambda: _pings(url))
        yield url


@pytest.fixture
def database() -> Iterator[str]:
    """An empty database in the test run's PostgreSQL."""
    run = embedded.url(Path(os.environ["DARKROOM_TEST_RUN"]))
    name = f"container_{os.getpid()}"
    with psycopg.connect(run, autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
        try:
            yield run.replace(f"/{embedded.DATABASE}?", f"/{name}?")
        finally:
            session.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.process
def test_web_containers_migrate_an_empty_database_and_serve(
    database: str, broker: str, tmp_path: Path
) -> None:
    environment = _container(
        tmp_path,
        DATABASE_URL=database,
        REDIS_URL=broker,
        AIMLAPI_KEY="a-key",
        STATIC_ROOT=f"{os.environ['DARKROOM_TEST_RUN']}/static",
    )
    ports = [free_port(), free_port()]
    webs = [["sh", str(ENTRYPOINT), "web"]] * 2
    with (
        _started(webs[0], environment | {"PORT": str(ports[0])}),
        _started(webs[1], environment | {"PORT": str(ports[1])}),
    ):
        for port in ports:
            wait_until(functools.partial(_is_ready, port), seconds=60)
        done = _enter(["manage", "check_ledger"], environment)
    assert done.returncode == 0
    assert '"problems": []' in done.stdout


@contextmanager
def _started(command: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, cwd=BASE, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(15) in {0, -15, 143}


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _pings(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
