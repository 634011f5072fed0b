"""`make chaos`: random faults and deaths over many requests of many teams, then the books.

The plan follows from the seed, so a failure can be had again: python -m tests.chaos.storm --seed N.
"""

import argparse
import random
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from tqdm import tqdm

from tests.bench.engine_parts import redis_server
from tests.chaos.evidence import FLUX, REALISM, Evidence
from tests.chaos.services import Proxy, object_store, to_s3
from tests.instance import running

FAULTY = 0.4  # of all requests
QUIET_SECONDS = 900  # in which everything must have ended, once the deaths are over
SLOW = {
    "LEASE_SECONDS": "5",
    "SWEEP_SECONDS": "0.5",
    "PROVIDER_LOG_LAG": "8",
    "PROVIDER_DEADLINE": "20",
    "SANDBOX_DELAY": "0.5",
    "WORKER_CONCURRENCY": "32",
}
FAULTS: list[dict[str, Any]] = [
    {"fault": "status", "status": 400},
    {"fault": "status", "status": 429},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 500, "charged": True},
    {"fault": "status", "status": 524, "charged": True},
    {"fault": "delay", "seconds": 6},
    {"fault": "drop_before"},
    {"fault": "drop_after"},
    {"fault": "drop_after", "partial": True},
    {"fault": "garbage"},
    {"fault": "empty"},
    {"fault": "blocked"},
    {"fault": "fewer"},
    {"fault": "cost", "credits": 200_000},
    {"fault": "no_cost"},
    {"fault": "file_status", "status": 404},
    {"fault": "file_status", "status": 503},
    {"fault": "file_drop"},
    {"fault": "file_html"},
]
# At fal also what its queue and its webhooks are capable of. A submit that is cut before it is
# taken would rightly wait for two hours.
FAL_FAULTS: list[dict[str, Any]] = [
    {"fault": "status", "status": 429},
    {"fault": "drop_after"},
    {"fault": "garbage"},
    {"fault": "blocked"},
    {"fault": "file_drop"},
    {"fault": "fal_wait", "seconds": 6, "position": 3},
    {"fault": "fal_error", "status": 422},
    {"fault": "fal_error", "status": 500, "retryable": True},
    {"fault": "fal_error", "status": 503, "retryable": False},
    {"fault": "fal_status_fails", "status": 502},
    {"fault": "fal_status_cut"},
    {"fault": "fal_status_garbage"},
    {"fault": "fal_result_fails", "status": 504, "envelope": "html"},
    {"fault": "fal_result_cut"},
    {"fault": "hook_never"},
    {"fault": "hook_early"},
    {"fault": "hook_twice"},
    {"fault": "hook_forged"},
    {"fault": "hook_old"},
    {"fault": "hook_rotated"},
]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for and what goes wrong, by the seed alone; when exactly, the machine says."""

    seed: int
    requests: int
    deaths: int
    teams: int = 20

    def faults(self) -> list[dict[str, Any]]:
        chance = random.Random(self.seed)  # noqa: S311  # to be had again, not to be secret
        struck = (n for n in range(self.requests) if chance.random() < FAULTY)
        return [
            {**chance.choice(faults_of(n)), "match": prompt(n), "times": chance.randint(1, 2)}
            for n in struck
        ]

    def ends(self, storm: "Storm") -> list[Callable[[], None]]:
        chance = random.Random(self.seed + 1)  # noqa: S311
        return [chance.choice(storm.deaths) for _ in range(self.deaths)]


def prompt(number: int) -> str:
    return f"storm {number}."


def model(number: int) -> str:
    """One of three is fal's."""
    return REALISM if number % 3 == 2 else FLUX


def faults_of(number: int) -> list[dict[str, Any]]:
    return FAL_FAULTS if model(number) == REALISM else FAULTS


class Storm:
    """The ways for a part to die; each comes back by itself, or is brought back."""

    def __init__(self, evidence: Evidence, broker: redis.Redis, store: Proxy) -> None:
        self._evidence = evidence
        self._broker = broker
        self._store = store
        self.deaths: list[Callable[[], None]] = [
            self.kill_generate,
            self.kill_generate,
            self.drain_generate,
            self.freeze_generate,
            self.kill_media,
            self.kill_web,
            self.kill_beat,
            self.crash_database,
            self.flush_broker,
            self.freeze_broker,
            self.break_store,
            self.slow_store,
        ]

    def kill_generate(self) -> None:
        self._evidence.kill("generate")

    def drain_generate(self) -> None:
        self._evidence.kill("generate", signal.SIGTERM)

    def freeze_generate(self) -> None:
        self._evidence.kill("generate", signal.SIGSTOP)
        time.sleep(2 * float(SLOW["LEASE_SECONDS"]))
        self._evidence.kill("generate", signal.SIGCONT)

    def kill_media(self) -> None:
        self._evidence.kill("media")

    def kill_web(self) -> None:
        self._evidence.kill_part("uvicorn")

    def kill_beat(self) -> None:
        self._evidence.kill_part("celery --quiet -A config beat")

    def crash_database(self) -> None:
        self._evidence.kill_database()

    def flush_broker(self) -> None:
        self._broker.flushall()

    def freeze_broker(self) -> None:
        """Whoever asks it hears nothing for a while."""
        self._broker.client_pause(5000)

    def break_store(self) -> None:
        self._store.is_broken = True
        time.sleep(5)
        self._store.is_broken = False

    def slow_store(self) -> None:
        self._store.seconds_late = 0.5
        time.sleep(5)
        self._store.seconds_late = 0


def rage(evidence: Evidence, storm: Storm, plan: Plan) -> None:
    """Ask for everything, strike while it is worked on, and check the books of it all."""
    for rules in batches(plan.faults(), 200):
        evidence.order_faults(rules)
    asking = threading.Thread(target=ask_for_all, args=[evidence, plan])
    asking.start()
    chance = random.Random(plan.seed + 2)  # noqa: S311
    for death in tqdm(plan.ends(storm), desc="Deaths"):
        time.sleep(chance.uniform(1, 4))
        death()
    asking.join()
    wait_for_the_end(evidence, plan.requests)
    evidence.check()


def ask_for_all(evidence: Evidence, plan: Plan) -> None:
    for number in tqdm(range(plan.requests), desc="Requests"):
        evidence.ask(prompt(number), team=number % plan.teams, model=model(number))


def wait_for_the_end(evidence: Evidence, total: int) -> None:
    give_up_at = time.monotonic() + QUIET_SECONDS
    with tqdm(total=total, desc="Ended") as bar:
        while left := evidence.left():
            bar.update(total - len(left) - bar.n)
            if time.monotonic() > give_up_at:
                told = [*map(str, left[:20]), *evidence.instance.lines[-40:]]
                raise AssertionError("\n".join([f"{len(left)} never ended:", *told]))
            time.sleep(2)


@contextmanager
def stage(folder: Path, plan: Plan) -> Iterator[tuple[Evidence, Storm]]:
    """A running instance over Redis and S3, and its deaths; at the end its books are checked."""
    with (
        redis_server(folder) as address,
        object_store() as store,
        running(folder / "data", REDIS_URL=address, **SLOW, **to_s3(store)) as instance,
    ):
        evidence = Evidence(instance, teams=plan.teams)
        yield evidence, Storm(evidence, redis.Redis.from_url(address), store)
        evidence.close()


def batches(rules: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rules), size):
        yield rules[start : start + size]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--deaths", type=int, default=25)
    options = parser.parse_args()
    plan = Plan(options.seed, requests=options.requests, deaths=options.deaths)
    print(f"Seed {plan.seed}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="darkroom-chaos-") as folder:
        try:
            with stage(Path(folder), plan) as (evidence, storm):
                rage(evidence, storm, plan)
        except BaseException:
            print(f"It failed with --seed {plan.seed}", file=sys.stderr)
            raise
    print(f"{plan.requests} requests, {plan.deaths} deaths, seed {plan.seed}: the books balance.")


if __name__ == "__main__":
    main()
