"""PostgreSQL dies under load, three times: nothing that it answered for is lost."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import embedded
from config.paths import BASE
from tests.chaos.ledger_clients import READY, STOP
from tests.config.waiting import wait_until

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.xdist_group("process")]

CRASHES = 3
LOAD_SECONDS = 1.5


@pytest.fixture
def data() -> Iterator[Path]:
    """A running database of its own."""
    folder = Path(tempfile.mkdtemp(prefix="server-", dir=os.environ["DARKROOM_TEST_RUN"]))
    with embedded.running(folder):
        yield folder


def environment(data: Path) -> dict[str, str]:
    own = {"DARKROOM_DATA": str(data), "DATABASE_URL": embedded.url(data)}
    return {**os.environ, **own, "DATABASE_POOL": "false", "PYTHONPATH": str(BASE)}


def crash(data: Path) -> None:
    """What a power cut does to the server; then it comes back."""
    stopped = embedded._pg_ctl(data, "stop", "-m", "immediate")
    assert stopped.returncode == 0, stopped.stderr
    embedded.restart(data)


def answers(folder: Path) -> dict[tuple[str, str], int]:
    """What the clients were told is done: the amount of each step of each reference."""
    lines = [json.loads(line) for file in folder.glob("*.jsonl") for line in file.open()]
    return {(what, reference): amount for what, reference, amount in lines}


def stored(data: Path) -> dict[tuple[str, str], int]:
    """The same, as the database has it."""
    with psycopg.connect(embedded.url(data)) as session:
        grants = session.execute(
            "SELECT 'grant', substr(key, 7), amount FROM accounts_ledgerentry WHERE kind = 'grant'"
        ).fetchall()
        holds = session.execute("SELECT 'hold', reference, amount FROM accounts_hold").fetchall()
        ends = session.execute(
            "SELECT 'end', reference, captured FROM accounts_hold WHERE state <> 'pending'"
        ).fetchall()
    return {(what, reference): amount for what, reference, amount in [*grants, *holds, *ends]}


def test_no_answer_of_the_ledger_is_lost_when_the_database_dies(data: Path, tmp_path: Path) -> None:
    script = BASE / "tests" / "chaos" / "ledger_clients.py"
    clients = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], cwd=BASE, env=environment(data)
    )
    try:
        wait_until((tmp_path / READY).exists, seconds=60)
        for _ in range(CRASHES):
            time.sleep(LOAD_SECONDS)
            crash(data)
        time.sleep(LOAD_SECONDS)
        (tmp_path / STOP).touch()
        assert clients.wait(30) == 0
    finally:
        clients.kill()
        clients.wait()
    answered = answers(tmp_path)
    assert len(answered) > 500
    # What was under way at a crash was said again until it was answered: nothing else is there.
    assert stored(data) == answered
    checked = subprocess.run(
        [sys.executable, "manage.py", "check_ledger"],
        cwd=BASE, env=environment(data), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
