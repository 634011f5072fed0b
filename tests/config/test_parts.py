import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import parts
from config.parts import Part
from config.supervisor import Supervisor
from tests.config.waiting import wait_until

pytestmark = pytest.mark.process

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
WITH_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
# More than a pipe holds.
TALKATIVE = "for _ in range(2000): print('x' * 100)"


class Said(list[tuple[str, str]]):
    def __call__(self, name: str, line: str) -> None:
        self.append((name, line))

    def wait_for(self, words: str) -> None:
        wait_until(lambda: ("part", words) in self)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def start(said: Said) -> Iterator[Callable[[str], Part]]:
    started: list[Part] = []

    def start(program: str) -> Part:
        started.append(Part("part", [sys.executable, "-c", program], say=said))
        started[-1].start()
        return started[-1]

    yield start
    for part in started:
        part.kill()


def test_a_parts_lines_carry_its_name(start: Callable[[str], Part], said: Said) -> None:
    start("import sys; print('out'); print('err', file=sys.stderr)")
    said.wait_for("err")
    assert sorted(said) == [("part", "err"), ("part", "out")]


def test_a_log_that_takes_nothing_holds_no_part_up(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Part("part", [sys.executable, "-c", TALKATIVE], say=Supervisor().say)
    with contextlib.suppress(OSError), Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        part.start()
        try:
            wait_until(lambda: part.process is not None and part.process.poll() == 0)
        finally:
            part.kill()
            monkeypatch.undo()


def test_a_part_that_ends_is_started_again_with_growing_pauses(
    start: Callable[[str], Part], said: Said
) -> None:
    part = start("print('up'); raise SystemExit(3)")
    part.pause = 0.05
    ended = ("part", "ended (3); starting again in 0 s")
    _watch_until(part, lambda: said.count(ended) == 3)
    assert part.pause == pytest.approx(0.05 * 2**3)


def test_a_part_that_ran_long_enough_starts_over_with_the_first_pause(
    start: Callable[[str], Part], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "STEADY_AFTER", 0.0)
    part = start("pass")
    part.pause = parts.LONGEST_PAUSE
    _watch_until(part, lambda: ("part", "ended (0); starting again in 1 s") in said)


def test_a_part_stops_when_asked(start: Callable[[str], Part], said: Said) -> None:
    part = start(SLEEP)
    said.wait_for("up")
    part.ask_to_stop()
    part.wait(time.monotonic() + 10)
    assert part.process
    assert part.process.returncode == -15
    assert said == [("part", "up")]


def test_a_part_that_does_not_stop_is_ended(start: Callable[[str], Part], said: Said) -> None:
    part = start(STUBBORN)
    said.wait_for("up")
    part.ask_to_stop()
    part.wait(time.monotonic() + 0.2)
    assert part.process
    assert part.process.returncode == -9
    assert ("part", "did not stop in time and was ended") in said


def test_what_a_part_started_ends_with_it(start: Callable[[str], Part], said: Said) -> None:
    part = start(WITH_CHILD)
    said.wait_for("up")
    assert part.process
    group = part.process.pid
    part.kill()
    part.process.wait()
    wait_until(lambda: not _group_lives(group))


def _watch_until(part: Part, condition: Callable[[], bool]) -> None:
    def watched() -> bool:
        part.watch()
        return condition()

    wait_until(watched)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
