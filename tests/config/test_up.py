"""`manage.py up` as a person starts it: one command, the whole product, nothing left behind."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from config import embedded
from config.paths import BASE
from tests.config.waiting import wait_until
from tests.instance import READY, Instance

pytestmark = pytest.mark.process

LINK = "Sign in as its owner"
PREFIX = re.compile(r"(darkroom|database|sandbox|web|generate|media|beat) *\| ")
WEB = "config.asgi:application"
STOP_WITHIN = 15


@pytest.fixture(scope="module")
def darkroom(new_folder: Callable[[], Path]) -> Iterator[Instance]:
    instance = Instance(new_folder())
    instance.start()
    yield instance
    instance.stop()


def test_every_line_says_which_part_it_is_from(darkroom: Instance) -> None:
    assert [line for line in darkroom.lines if not PREFIX.match(line)] == []


def test_it_says_where_it_is_and_that_pictures_are_drawn(darkroom: Instance) -> None:
    assert darkroom.wait_for_line(READY).endswith(darkroom.url)
    darkroom.wait_for_line("put AIMLAPI_KEY in .env for real ones")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_is_healthy_when_it_says_so(darkroom: Instance, path: str) -> None:
    assert httpx.get(darkroom.url + path).status_code == 200


def test_the_printed_link_opens_the_welcome_page_once(darkroom: Instance) -> None:
    link = _link(darkroom)
    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(link).url.path == "/welcome/"
    assert httpx.get(link).status_code == 410


def test_commands_work_beside_it(darkroom: Instance) -> None:
    assert '"problems": []' in darkroom.manage("check_ledger").stdout


def test_another_one_on_the_same_folder_is_refused(darkroom: Instance) -> None:
    assert darkroom.process
    refusal = _up(darkroom.environment | {"PORT": "1"})
    assert f"(process {darkroom.process.pid}) already runs with {darkroom.data}" in refusal
    assert "set DARKROOM_DATA to another folder" in refusal


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_refused_before_anything_is_made(
    darkroom: Instance, tmp_path: Path, name: str
) -> None:
    taken = darkroom.environment[name]
    refusal = _up(Instance(tmp_path / "data", {name: taken}).environment)
    assert f"Port {taken} is taken by another program. Set {name} to a free one." in refusal
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_part_that_dies_is_started_again(darkroom: Instance) -> None:
    (web,) = darkroom.pids(WEB)
    os.kill(web, signal.SIGKILL)
    darkroom.wait_for_line("web      | ended (-9); starting again in 1 s")
    wait_until(lambda: _is_ready(darkroom) and darkroom.pids(WEB) != [web])


def test_a_database_that_dies_is_started_again(darkroom: Instance) -> None:
    server = int((darkroom.data / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(server, signal.SIGKILL)
    darkroom.wait_for_line("database | ended; starting again")
    wait_until(lambda: _is_ready(darkroom))


@pytest.mark.slow
def test_it_stops_in_time_leaves_nothing_and_keeps_everything(
    new_folder: Callable[[], Path],
) -> None:
    darkroom = Instance(new_folder())
    darkroom.start()
    _set_up_team(darkroom, name="Kept Studio", amount="250")
    assert darkroom.stop() < STOP_WITHIN
    _expect_nothing_left(darkroom)

    darkroom.lines.clear()
    darkroom.start()
    assert not any(LINK in line for line in darkroom.lines)
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(darkroom.manage("login_link", "ada@example.com").stdout.strip())
    assert "Kept Studio" in page.text
    assert "250" in page.text

    assert darkroom.process
    os.killpg(darkroom.process.pid, signal.SIGINT)  # What Ctrl-C in a terminal does.
    assert darkroom.process.wait(STOP_WITHIN) == 0
    _expect_nothing_left(darkroom)


@pytest.mark.slow
def test_it_starts_without_its_redis_and_says_so(new_folder: Callable[[], Path]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        redis = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        darkroom = Instance(new_folder(), {"REDIS_URL": redis})
        darkroom.start()
        try:
            darkroom.wait_for_line("Redis does not answer: what is asked for waits until it does")
            assert httpx.get(darkroom.url, follow_redirects=True).status_code == 200
            assert httpx.get(f"{darkroom.url}/readyz").json()["status"] == "degraded"
        finally:
            darkroom.stop()


def _link(instance: Instance) -> str:
    return instance.wait_for_line(LINK).rpartition(" ")[2]


def _set_up_team(instance: Instance, *, name: str, amount: str) -> None:
    """What the owner does first, over the printed link."""
    with httpx.Client(base_url=instance.url, follow_redirects=True) as browser:
        browser.get(_link(instance))
        answers = {
            "name": "Ada",
            "email": "ada@example.com",
            "password": "a long enough one",
            "team_name": name,
            "credits": amount,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        assert browser.post("/welcome/", data=answers).url.path == "/"


def _up(environment: dict[str, str]) -> str:
    """What a start says that is refused."""
    refused = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=BASE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    return refused.stderr


def _is_ready(instance: Instance) -> bool:
    try:
        return httpx.get(f"{instance.url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _expect_nothing_left(instance: Instance) -> None:
    assert instance.process
    assert instance.process.returncode == 0
    assert instance.pids() == []
    assert not embedded.is_alive(instance.data)
