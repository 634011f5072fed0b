"""Parts that freeze for longer than a lease, or are asked to stop alone, and are followed."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.chaos.conftest import QUICK
from tests.chaos.evidence import REALISM, Evidence

pytestmark = [pytest.mark.process, pytest.mark.slow]

PARTS = {"media": "worker -Q media", "beat": "config beat", "web": "uvicorn"}
LONGER_THAN_A_LEASE = int(QUICK["LEASE_SECONDS"]) + 2
ONCE = {("succeeded", 1)}


@contextmanager
def frozen(pids: Sequence[int]) -> Iterator[None]:
    assert pids
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: Sequence[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def of_the_database(darkroom: Evidence) -> list[int]:
    """The server's process and one for each of its connections."""
    pid_file = darkroom.instance.data / "postgres" / "postmaster.pid"
    server = int(pid_file.read_text().split()[0])
    listed = Path(f"/proc/{server}/task/{server}/children").read_text()
    return [server, *map(int, listed.split())]


def ends(darkroom: Evidence, prompt: str) -> set[tuple[str, int]]:
    return {(row.status, row.attempts) for row in darkroom.rows(prompt)}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_froze_goes_on_and_nothing_is_repeated(darkroom: Evidence, part: str) -> None:
    prompt = f"while {part} is frozen"
    pids = darkroom.instance.pids(PARTS[part])
    with frozen(pids):
        darkroom.ask(prompt, count=3)
        darkroom.ask(f"{prompt}, at fal", model=REALISM)
        darkroom.wait_for_status(prompt, "succeeded", "answered", "submitted")
        time.sleep(LONGER_THAN_A_LEASE)
    darkroom.wait_for_the_end()
    assert ends(darkroom, prompt) == ONCE
    assert set(pids) & set(darkroom.instance.pids(PARTS[part]))
    darkroom.check()


def test_a_database_that_froze_costs_no_answer(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="held up", seconds=2, times=4)
    darkroom.ask("held up", count=4)
    darkroom.wait_until_sent("held up")
    with frozen(of_the_database(darkroom)):
        time.sleep(LONGER_THAN_A_LEASE)
    darkroom.wait_for_the_end()
    assert ends(darkroom, "held up") == ONCE
    darkroom.check()


def test_a_supervisor_that_froze_follows_its_parts_afterwards(darkroom: Evidence) -> None:
    assert darkroom.instance.process
    with frozen([darkroom.instance.process.pid]):
        darkroom.ask("unsupervised", count=3)
        darkroom.wait_for_status("unsupervised", "succeeded")
        darkroom.kill("generate")
        darkroom.ask("nobody to make it", count=3)
        time.sleep(LONGER_THAN_A_LEASE)
        assert darkroom.statuses("nobody to make it") == {"queued"}
    darkroom.wait_for_the_end()
    assert ends(darkroom, "nobody to make it") == ONCE
    darkroom.check()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_asked_to_stop_alone_is_followed(darkroom: Evidence, part: str) -> None:
    prompt = f"while {part} stops"
    darkroom.order_fault("delay", match=prompt, seconds=3, times=4)
    darkroom.ask(prompt, count=3)
    darkroom.ask(f"{prompt}, at fal", model=REALISM)
    darkroom.wait_until_sent(prompt)
    before = set(darkroom.instance.pids(PARTS[part]))
    _signal(sorted(before)[:1], signal.SIGTERM)
    darkroom.wait_until(lambda: bool(set(darkroom.instance.pids(PARTS[part])) - before))
    darkroom.wait_for_the_end()
    assert ends(darkroom, prompt) == ONCE
    darkroom.check()
