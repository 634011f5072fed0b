import os
import signal
import stat
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest

from config import embedded, supervisor
from tests.config.waiting import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def data(new_folder: Callable[[], Path]) -> Path:
    return new_folder()


def _pid(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split()[0])


def test_the_server_runs_until_the_last_one_lets_go(data: Path) -> None:
    with embedded.running(data):
        with embedded.running(data):
            first = _pid(data)
        assert embedded.is_alive(data)
        assert _pid(data) == first
        with psycopg.connect(embedded.url(data)) as session:
            assert session.execute("SHOW listen_addresses").fetchone() == ("",)
    assert not embedded.is_alive(data)


def test_what_was_written_survives_a_killed_server(data: Path) -> None:
    with embedded.running(data):
        with psycopg.connect(embedded.url(data), autocommit=True) as session:
            session.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(_pid(data), signal.SIGKILL)
        wait_until(lambda: not embedded.is_alive(data))
        embedded.restart(data)
        with psycopg.connect(embedded.url(data)) as session:
            assert session.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_long_log_begins_anew_and_its_end_is_kept(data: Path) -> None:
    log = data / "postgres" / "server.log"
    with embedded.running(data):
        with log.open("ab") as file:
            file.write(b"x" * supervisor.LONGEST_LOG + b"the end\n")
        supervisor.keep_log_short(log)
        assert log.with_suffix(".log.1").read_bytes().endswith(b"the end\n")
        with psycopg.connect(embedded.url(data)) as session, pytest.raises(psycopg.Error):
            session.execute("SELECT no_such_thing")
        wait_until(lambda: b"no_such_thing" in log.read_bytes())
    assert log.stat().st_size < supervisor.KEPT_OF_LOG


def test_only_the_servers_user_enters_its_folder(data: Path) -> None:
    with embedded.running(data):
        assert stat.S_IMODE((data / "postgres").stat().st_mode) == 0o700


def test_a_server_that_cannot_start_says_why(new_folder: Callable[[], Path]) -> None:
    folder = new_folder()
    cluster = folder / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("7\n")
    with (
        pytest.raises(embedded.DatabaseDidNotStart, match=r"did not start in .*/postgres:\n.+"),
        embedded.running(folder),
    ):
        pytest.fail("it cannot have started")


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30)
    folder = embedded.url(deep).rpartition("host=")[2]
    assert len(folder) < embedded.SOCKET_PATH_LIMIT
    assert folder != embedded.url(tmp_path / ("other" * 30)).rpartition("host=")[2]


@pytest.mark.parametrize("argv", [[], ["help"], ["up"], ["part", "web"], ["migrate", "--help"]])
def test_a_command_that_needs_no_database_starts_none(argv: list[str]) -> None:
    assert isinstance(embedded.database_for_command(["manage.py", *argv]), nullcontext)


def test_a_command_uses_the_database_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example.org/darkroom")
    assert isinstance(embedded.database_for_command(["manage.py", "migrate"]), nullcontext)


def test_a_command_starts_the_embedded_database_for_itself(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_DATA", str(data))
    with embedded.database_for_command(["manage.py", "check_ledger"]):
        assert embedded.is_alive(data)
    assert not embedded.is_alive(data)
