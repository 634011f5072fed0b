"""Asked to stop, a running Darkroom begins nothing, ends what it can, and repeats nothing."""

import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from tests.chaos.evidence import Evidence
from tests.instance import running

pytestmark = [pytest.mark.process, pytest.mark.slow]

# Everything that waits for a clock waits less; two hands, so that tickets are taken and wait.
QUICK = {
    "LEASE_SECONDS": "20",
    "SWEEP_SECONDS": "0.5",
    "PROVIDER_DEADLINE": "15",
    "PROVIDER_LOG_LAG": "5",
    "SANDBOX_DELAY": "0",
    "WORKER_CONCURRENCY": "2",
    "STOP_GRACE_SECONDS": "4",
}


@pytest.fixture(scope="module")
def darkroom(new_folder: Callable[[], Path]) -> Iterator[Evidence]:
    with running(new_folder(), **QUICK) as instance:
        evidence = Evidence(instance)
        yield evidence
        evidence.close()


def ask_and_wait_until_two_are_sent(darkroom: Evidence, prompt: str, *, count: int) -> None:
    darkroom.ask(prompt, count=count)
    darkroom.wait_until(lambda: statuses(darkroom, prompt).count("sending") == 2)


def statuses(darkroom: Evidence, prompt: str) -> list[str]:
    return sorted(row.status for row in darkroom.rows(prompt))


def sent_at(darkroom: Evidence, prompt: str) -> list[datetime]:
    """When each call for it was begun, in order."""
    with psycopg.connect(darkroom.instance.database_url) as connection:
        rows = connection.execute(
            "SELECT sent_at FROM generations_attempt a JOIN generations_generationrequest r"
            " ON r.id = a.request_id WHERE r.prompt = %s ORDER BY sent_at",
            [prompt],
        ).fetchall()
    return [at for (at,) in rows]


def test_a_worker_that_is_asked_to_stop_begins_none_of_the_tickets_that_it_took(
    darkroom: Evidence,
) -> None:
    darkroom.order_fault("delay", match="taken", seconds=2, times=2)
    ask_and_wait_until_two_are_sent(darkroom, "taken", count=8)
    darkroom.kill("generate", signal.SIGTERM)
    darkroom.instance.wait_for_line("generate | ended (0)")
    assert statuses(darkroom, "taken") == ["queued"] * 6 + ["succeeded"] * 2
    darkroom.wait_for_the_end()
    assert statuses(darkroom, "taken") == ["succeeded"] * 8
    assert len(sent_at(darkroom, "taken")) == 8
    darkroom.check()


def test_what_does_not_end_within_the_grace_is_handed_over_at_once(darkroom: Evidence) -> None:
    darkroom.instance.lines.clear()
    darkroom.order_fault("delay", match="long", seconds=12, times=2)
    ask_and_wait_until_two_are_sent(darkroom, "long", count=3)
    darkroom.kill("generate", signal.SIGTERM)
    began = time.monotonic()
    darkroom.wait_until(lambda: statuses(darkroom, "long").count("unconfirmed") == 2)
    assert time.monotonic() - began < int(QUICK["LEASE_SECONDS"]) / 2
    darkroom.wait_for_the_end()
    assert len(sent_at(darkroom, "long")) == 3
    darkroom.check()


def test_an_upgrade_in_the_middle_of_calls_loses_and_repeats_nothing(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="upgraded", seconds=2, times=2)
    ask_and_wait_until_two_are_sent(darkroom, "upgraded", count=5)
    assert darkroom.instance.stop() < 15
    darkroom.instance.lines.clear()
    darkroom.instance.start()
    darkroom.wait_for_the_end()
    assert statuses(darkroom, "upgraded") == ["succeeded"] * 5
    assert len(sent_at(darkroom, "upgraded")) == 5
