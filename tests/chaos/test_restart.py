"""All of it is stopped, killed, or loses its power: what was asked for is there afterwards."""

import os
import signal
import time

import pytest

from tests.chaos.evidence import Evidence

pytestmark = [pytest.mark.process, pytest.mark.slow]

# Longer than a stop of the whole waits for its parts.
LONG = 16
PARTS = ("config beat", "uvicorn")


def wait_until_gone(darkroom: Evidence) -> None:
    darkroom.wait_until(lambda: darkroom.instance.pids("-m celery") == [])
    darkroom.wait_until(lambda: darkroom.instance.pids("uvicorn") == [])


def start_again(darkroom: Evidence) -> None:
    darkroom.instance.lines.clear()
    darkroom.instance.start()


def test_a_call_that_outlasts_a_stop_is_settled_from_the_providers_log(
    darkroom: Evidence,
) -> None:
    darkroom.order_fault("delay", match="outlasts", seconds=LONG)
    darkroom.order_fault("delay", match="ends in time", seconds=3)
    darkroom.ask("outlasts the stop")
    darkroom.ask("ends in time")
    darkroom.wait_until_sent("outlasts")
    darkroom.wait_until_sent("in time")
    darkroom.ask("waits", count=4)
    darkroom.instance.stop()
    start_again(darkroom)
    darkroom.wait_for_the_end()
    in_time, waited = darkroom.row("in time"), darkroom.rows("waits")
    assert (in_time.status, in_time.attempts) == ("succeeded", 1)
    assert {row.status for row in waited} == {"succeeded"}
    darkroom.check()


def test_parts_whose_supervisor_is_killed_end_and_are_followed(darkroom: Evidence) -> None:
    assert darkroom.instance.process
    darkroom.order_fault("delay", match="orphaned", seconds=3)
    darkroom.ask("orphaned")
    darkroom.wait_until_sent("orphaned")
    os.kill(darkroom.instance.process.pid, signal.SIGKILL)
    wait_until_gone(darkroom)
    start_again(darkroom)
    darkroom.wait_for_the_end()
    assert darkroom.statuses("orphaned") <= {"succeeded", "failed"}
    darkroom.check()


def test_a_power_cut_loses_nothing_that_was_asked_for(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="in the dark", seconds=2, times=4)
    darkroom.ask("in the dark", count=12)
    darkroom.wait_until(lambda: "sending" in darkroom.statuses("in the dark"))
    for pid in darkroom.instance.pids():
        if pid != darkroom.doing.pid:
            os.kill(pid, signal.SIGKILL)
    darkroom.kill_database()
    time.sleep(1)
    start_again(darkroom)
    darkroom.wait_for_the_end()
    assert darkroom.statuses("in the dark") <= {"succeeded", "failed"}
    darkroom.check()


def test_a_clock_and_a_web_process_that_are_killed_are_started_again(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="meanwhile", seconds=3)
    darkroom.ask("meanwhile")
    darkroom.wait_until_sent("meanwhile")
    before = {part: darkroom.instance.pids(part) for part in PARTS}
    for part in PARTS:
        darkroom.kill_part(part)
    darkroom.wait_for_the_end()
    darkroom.wait_until(lambda: all(darkroom.instance.pids(part) for part in PARTS))
    assert not any(set(darkroom.instance.pids(part)) & set(before[part]) for part in PARTS)
    assert darkroom.row("meanwhile").attempts == 1
    darkroom.check()
