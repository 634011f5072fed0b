"""A database that is away for a moment costs nobody a trace of ours, or what they typed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from django.db import connection
from django.test import Client

from accounts.models import Team
from config.paths import BASE
from tests import factories
from tests.config.waiting import wait_until
from tests.generations.api.caller import Caller, error
from tests.generations.views.studio import composed
from tests.instance import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> Team:
    return factories.team()


@pytest.fixture
def visitor(team: Team) -> Client:
    found = Client(raise_request_exception=False)
    found.force_login(factories.owner_of(team))
    return found


@pytest.fixture
def _away(visitor: Client, tmp_path: Path) -> Iterator[None]:
    """No database answers where ours was."""
    with pytest.MonkeyPatch.context() as patch:
        connection.close()
        patch.setitem(connection.settings_dict, "HOST", str(tmp_path))
        yield
    connection.close()


@contextmanager
def reads_only() -> Iterator[None]:
    """What a full disk, or a change of servers, leaves."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            yield
        finally:
            cursor.execute("SET default_transaction_read_only = off")


@pytest.mark.usefixtures("_away")
def test_a_page_says_that_it_is_back_in_a_moment(visitor: Client) -> None:
    page = visitor.get("/gallery/?q=sea")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "Nothing was lost" in page.text
    assert 'href="/gallery/?q=sea"' in page.text


@pytest.mark.usefixtures("_away")
def test_a_form_is_still_on_the_page_before(visitor: Client) -> None:
    page = visitor.post("/", {"prompt": "A lighthouse"})
    assert page.status_code == 503
    assert "what you typed is still there" in page.text
    assert "Try again" not in page.text


def test_a_server_that_only_reads_is_no_mistake_of_ours_either(visitor: Client, team: Team) -> None:
    with reads_only():
        page = visitor.post("/", composed(team))
    assert page.status_code == 503


def test_what_is_our_own_mistake_stays_one(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.views.create.reusing.fresh", None)
    assert visitor.get("/").status_code == 500


def test_a_program_is_told_to_send_it_again_with_its_key() -> None:
    caller = Caller.of_a_member()
    with reads_only():
        answer = caller.ask()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert error(answer)["code"] == "back_in_a_moment"


@pytest.mark.process
def test_the_web_server_says_so_with_no_database_at_all() -> None:
    with web_without_database() as url:
        page = httpx.get(f"{url}/gallery/", cookies={"sessionid": "of-somebody"})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Back in a moment" in page.text


@contextmanager
def web_without_database() -> Iterator[str]:
    """The web part, whose pool finds nobody."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    nobody = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    environment = os.environ | {
        "DATABASE_URL": nobody,
        "DATABASE_POOL": "true",
        "DATABASE_POOL_TIMEOUT": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", port],
        cwd=BASE,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _answers(url))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.TransportError:
        return False
