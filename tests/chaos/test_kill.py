"""`kill -9` of either worker at any moment of a request, in a running instance."""

import signal
import time

import pytest

from tests.chaos.evidence import Evidence

pytestmark = pytest.mark.process


def test_a_worker_that_froze_past_its_lease_brings_its_answers_late(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="frozen", seconds=2)
    darkroom.ask("frozen")
    darkroom.wait_for_status("frozen", "sending")
    darkroom.kill("generate", signal.SIGSTOP)
    darkroom.wait_for_status("frozen", "unconfirmed")
    darkroom.kill("generate", signal.SIGCONT)
    darkroom.wait_for_the_end()
    assert (darkroom.row("frozen").status, darkroom.row("frozen").attempts) == ("succeeded", 1)
    darkroom.check()


def test_answers_in_hand_outlive_a_database_that_crashes(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="crash", seconds=3, times=4)
    darkroom.ask("during the crash", count=4)
    darkroom.wait_for_status("crash", "sending")
    darkroom.kill_database()
    darkroom.wait_for_the_end()
    assert {(row.status, row.attempts) for row in darkroom.rows("crash")} == {("succeeded", 1)}
    darkroom.check()


def test_killed_workers_lose_nothing_and_pay_for_nothing_twice(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="charged", seconds=11)
    darkroom.order_fault("status", match="free", status=500, seconds=10)
    darkroom.order_fault("file_slow", match="storing", rate=2000)

    darkroom.kill("media")
    darkroom.ask("without renditions", count=2)
    darkroom.wait_for_status("without renditions", "succeeded")
    darkroom.kill("media")

    darkroom.ask("charged while nobody listens")
    darkroom.ask("free while nobody listens")
    darkroom.ask("storing")
    darkroom.wait_for_status("storing", "answered")
    assert darkroom.statuses("nobody listens") == {"sending"}
    darkroom.kill("generate")
    darkroom.ask("asked for while there is no worker", count=4)
    darkroom.wait_until(lambda: "sending" in darkroom.statuses("no worker"))
    darkroom.kill("generate")

    darkroom.wait_for_the_end()
    darkroom.check()
    lost, again, stored = map(darkroom.row, ["charged", "free", "storing"])
    assert (lost.status, lost.error_code, lost.attempts) == ("failed", "lost", 1)
    assert (again.status, again.attempts) == ("succeeded", 2)
    assert (stored.status, stored.attempts) == ("succeeded", 1)


def test_a_worker_that_is_asked_to_stop_ends_its_calls_first(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="drained", seconds=4)
    darkroom.ask("drained")
    darkroom.wait_for_status("drained", "sending")
    began = time.monotonic()
    darkroom.kill("generate", signal.SIGTERM)
    darkroom.wait_for_the_end()
    assert time.monotonic() - began < 12
    row = darkroom.row("drained")
    assert (row.status, row.attempts, row.error_code) == ("succeeded", 1, "")
    darkroom.check()
