"""What `engine.py` measures: many calls in flight, the textbook's way, and fairness."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from tqdm import tqdm

from accounts.models import Team
from generations.models import GenerationRequest, Status
from tests import factories
from tests.bench.engine_parts import busy_seconds, process, sandbox, usage

MODEL = "flux/schnell"
PARAMS = {"image_size": {"width": 256, "height": 256}, "seed": 1}
SUBMITTERS = 8
MOST_SECONDS = 900
LOOK_SECONDS = 0.5
CONNECTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND application_name = 'worker'
"""


@dataclass(slots=True)
class Peaks:
    """Of a worker's process tree while it works; memory in MiB, CPU in seconds."""

    in_flight: int = 0
    memory: float = 0
    threads: int = 0
    connections: int = 0
    cpu: float = 0
    cores: float = 0  # busy on the whole machine, on average: the provider and database as well

    def look(self, pid: int, in_flight: int = 0) -> None:
        now = usage(pid)
        self.in_flight = max(self.in_flight, in_flight)
        self.memory = max(self.memory, now.memory)
        self.threads = max(self.threads, now.threads)
        self.cpu = now.cpu


def throughput(folder: Path, n: int, delay: int, *, rounds: int) -> dict[str, float]:
    """One worker, `n` calls at once, each slot used `rounds` times."""
    prompt = f"{n} in flight, {delay} s"
    submit(factories.team(name=prompt, amount=10**6 * factories.CREDIT), prompt, n * rounds)
    mine = GenerationRequest.objects.filter(prompt=prompt)
    with sandbox(folder, delay=delay) as url, worker(folder, url, n) as pid:
        peaks = watch(
            pid, prompt, lambda: mine.filter(finished_at__isnull=False).count(), n * rounds
        )
    times = mine.order_by("started_at").values_list("started_at", "finished_at")
    starts = [start for start, _ in times if start]
    seconds = max(end for _, end in times if end) - starts[0]
    # From the moment when every slot was taken until nothing was left to take.
    full = starts[-1] - starts[n - 1]
    return {
        "in_flight": n,
        "provider_seconds": delay,
        "requests": n * rounds,
        "succeeded": mine.filter(status=Status.SUCCEEDED).count(),
        "seconds": round(seconds.total_seconds(), 1),
        "throughput_over_ideal": round(rounds * delay / seconds.total_seconds(), 3),
        "throughput_while_full": round((rounds - 1) * delay / full.total_seconds(), 3),
        "peak_in_flight": peaks.in_flight,
        "memory_mib": round(peaks.memory),
        "threads": peaks.threads,
        "connections": peaks.connections,
        "cpu_ms_an_image": round(1000 * peaks.cpu / (n * rounds), 1),
        "cores_busy": round(peaks.cores, 2),
    }


def textbook(folder: Path, n: int, delay: int, *, rounds: int) -> dict[str, float]:
    """As many children as calls; nothing is accounted for, which is to its advantage."""
    # Celery reads the broker's address when it is imported.
    from tests.bench.textbook import generate  # noqa: PLC0415

    results = folder / "textbook"
    results.mkdir()
    order = {"model": MODEL, "prompt": "textbook", **PARAMS}
    command = [
        sys.executable, "-m", "celery", "--quiet", "-A", "tests.bench.textbook", "worker",
        "-c", str(n), "--loglevel", "WARNING",
    ]  # fmt: skip
    with sandbox(folder, delay=delay) as url, process(command, {}, folder / "textbook.log") as pid:
        began = time.time()
        for number in range(n * rounds):
            generate.delay(url, order, str(results / f"{number}.jpg"))
        peaks = watch(pid, "textbook", lambda: len([*results.glob("*.time")]), n * rounds)
    ends = [float(path.read_text()) for path in results.glob("*.time")]
    seconds = max(ends) - began
    return {
        "in_flight": n,
        "provider_seconds": delay,
        "requests": n * rounds,
        "succeeded": len(ends),
        "seconds": round(seconds, 1),
        "throughput_over_ideal": round(rounds * delay / seconds, 3),
        "memory_mib": round(peaks.memory),
        "memory_mib_a_call": round(peaks.memory / n, 1),
        "cpu_ms_an_image": round(1000 * peaks.cpu / (n * rounds), 1),
    }


def fairness(folder: Path, *, slots: int = 50, delay: int = 2) -> dict[str, float]:
    """One team has a thousand queued; another asks for one, three times."""
    many, few = (factories.team(amount=10**6 * factories.CREDIT) for _ in range(2))
    submit(many, "one of a thousand", 1000)
    waits = []
    with sandbox(folder, delay=delay) as url, worker(folder, url, slots):
        crowd = GenerationRequest.objects.filter(prompt="one of a thousand")
        until(lambda: crowd.filter(status=Status.SENDING).count() == slots)
        for number in range(3):
            submit(few, f"the one, {number}", 1)
            alone = GenerationRequest.objects.filter(prompt=f"the one, {number}")
            until(alone.filter(started_at__isnull=False).exists)
            one = alone.get()
            assert one.started_at is not None
            waits.append((one.started_at - one.created_at).total_seconds())
        left = crowd.filter(status=Status.QUEUED).count()
        until(lambda: not crowd.filter(finished_at__isnull=True).exists())
    return {
        "slots": slots,
        "provider_seconds": delay,
        "others_still_queued": left,
        "longest_wait_seconds": round(max(waits), 2),
        "wait_in_order_of_age_seconds": round(1000 / slots * delay, 1),
    }


@contextmanager
def worker(folder: Path, provider: str, n: int) -> Iterator[int]:
    """The generate worker as `up` starts it, by its process id."""
    command = [
        sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker",
        "-Q", "generate", "-P", "threads", "-c", str(n), "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
    environment = {
        "AIMLAPI_BASE_URL": provider,
        "PROVIDER_RESULT_HOSTS": provider.removeprefix("http://"),
        "WORKER_CONCURRENCY": str(n),
        "REDIS_SOCKET_TIMEOUT": "30",
        "PGAPPNAME": "worker",
    }
    with process(command, environment, folder / "worker.log") as pid:
        yield pid


def watch(pid: int, title: str, ended: Callable[[], int], total: int) -> Peaks:
    """The process's peaks until all have ended."""
    peaks = Peaks()
    before, began, busy = usage(pid).cpu, time.monotonic(), busy_seconds()
    give_up_at = time.monotonic() + MOST_SECONDS
    with tqdm(total=total, desc=title) as bar, connection.cursor() as cursor:
        while bar.n < total:
            if time.monotonic() > give_up_at:
                raise SystemExit(f"{title}: it did not end.")
            sending = GenerationRequest.objects.filter(status=Status.SENDING).count()
            peaks.look(pid, sending)
            cursor.execute(CONNECTIONS)
            peaks.connections = max(peaks.connections, cursor.fetchone()[0])
            bar.update(ended() - bar.n)
            time.sleep(LOOK_SECONDS)
    peaks.cpu -= before
    peaks.cores = (busy_seconds() - busy) / (time.monotonic() - began)
    return peaks


def until(holds: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + MOST_SECONDS
    while not holds():
        if time.monotonic() > give_up_at:
            raise SystemExit("It never came to that.")
        time.sleep(0.02)


def submit(team: Team, prompt: str, count: int) -> None:
    """Ask through the ordinary service, from several connections."""
    by = factories.owner_of(team)

    def some(numbers: range) -> None:
        for _ in tqdm(numbers, desc="Submitting", leave=False, disable=numbers.start > 0):
            factories.request(of=team, by=by, model=MODEL, prompt=prompt, params=PARAMS)
        connection.close()

    with ThreadPoolExecutor(SUBMITTERS) as pool:
        list(pool.map(some, [range(k, count, SUBMITTERS) for k in range(SUBMITTERS)]))
