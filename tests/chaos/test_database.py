"""A database that crashes, is away, has no room for anybody, or only reads."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.chaos.conftest import QUICK
from tests.chaos.evidence import Evidence
from tests.chaos.services import Database
from tests.instance import running

pytestmark = [pytest.mark.process, pytest.mark.slow]

CRASHES = 5
# Who lost the database has as long again to bring an answer: more than a wait for the pool.
LEASE_SECONDS = 15
AWAY_SECONDS = LEASE_SECONDS + 2
DONE = {("succeeded", 1)}
WRITES = "-c default_transaction_read_only=off"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    server = Database(Path(tmp_path_factory.mktemp("database")))
    yield server
    server.crash()


@pytest.fixture(scope="module")
def darkroom(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    patient = {"LEASE_SECONDS": str(LEASE_SECONDS), "PROVIDER_LOG_LAG": "20"}
    where = {"DATABASE_URL": database.url, "WORKER_CONCURRENCY": "24"}
    data = Path(tmp_path_factory.mktemp("chaos"))
    with running(data, **QUICK | patient | where) as instance:
        evidence = Evidence(instance)
        yield evidence
        evidence.close()


def ask_slowly(darkroom: Evidence, prompt: str, *, count: int, seconds: float) -> None:
    """Have so many calls in flight."""
    darkroom.order_fault("delay", match=prompt, seconds=seconds, times=count)
    darkroom.ask(prompt, count=count)
    darkroom.wait_until_sent(prompt)


def outcomes(darkroom: Evidence, prompt: str) -> set[tuple[str, int]]:
    return {(row.status, row.attempts) for row in darkroom.rows(prompt)}


def test_answers_wait_for_a_database_that_is_away(darkroom: Evidence, database: Database) -> None:
    ask_slowly(darkroom, "while it is away", count=24, seconds=5)
    database.crash()
    time.sleep(AWAY_SECONDS)
    database.start()
    darkroom.wait_for_the_end()
    assert outcomes(darkroom, "while it is away") == DONE
    darkroom.check()


def test_crash_after_crash_loses_nothing_that_was_asked_for(
    darkroom: Evidence, database: Database
) -> None:
    for number in range(CRASHES):
        darkroom.ask(f"before crash {number}", count=6)
        database.crash()
        database.start()
    darkroom.wait_for_the_end()
    darkroom.check()
    assert darkroom.statuses("before crash") <= {"succeeded", "failed"}
    lost = [row for row in darkroom.rows("before crash") if row.status == "failed"]
    assert len(lost) <= CRASHES


def test_answers_wait_for_a_server_without_a_place_for_them(
    darkroom: Evidence, database: Database
) -> None:
    ask_slowly(darkroom, "without a place", count=12, seconds=4)
    crowd = take_every_place(database.url)
    time.sleep(8)
    for one in crowd:
        one.close()
    darkroom.wait_for_the_end()
    assert outcomes(darkroom, "without a place") == DONE
    darkroom.check()


def test_nothing_is_sent_and_no_answer_lost_while_the_server_only_reads(
    darkroom: Evidence, database: Database
) -> None:
    """As a full disk leaves it, or a change of servers."""
    ask_slowly(darkroom, "answered meanwhile", count=4, seconds=3)
    darkroom.sql("UPDATE generations_generationrequest SET due_at = now() WHERE status = 'queued'")
    only_read(database, yes=True)
    before = len(darkroom.calls())
    time.sleep(5)
    assert len(darkroom.calls()) == before
    only_read(database, yes=False)
    darkroom.wait_for_the_end()
    assert outcomes(darkroom, "answered meanwhile") == DONE
    darkroom.check()


def take_every_place(url: str) -> list[psycopg.Connection]:
    """Connect until the server refuses, having sent everybody else away."""
    crowd: list[psycopg.Connection] = []
    for _ in range(2):
        while True:
            try:
                crowd.append(psycopg.connect(url))
            except psycopg.OperationalError:
                break
        crowd[0].execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> ALL(%s)",
            [[one.info.backend_pid for one in crowd]],
        )
        time.sleep(0.2)
    return crowd


def only_read(database: Database, *, yes: bool) -> None:
    words = ("SET", "= on") if yes else ("RESET", "")
    with psycopg.connect(database.url, autocommit=True, options=WRITES) as session:
        session.execute(f"ALTER SYSTEM {words[0]} default_transaction_read_only {words[1]}")
        session.execute("SELECT pg_reload_conf()")
