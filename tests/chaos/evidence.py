"""What a running instance did, read from its own rows and from the sandbox's book."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from config import embedded
from config.paths import BASE
from tests.instance import OWNER, TEAM, Instance

MODEL = "flux/dev"
MICROCREDITS_A_CREDIT = 50  # the provider's credit is 500 nano-USD, ours a US cent
ENDS = {"succeeded", "failed", "cancelled"}

REQUESTS = """
SELECT r.prompt, r.status, r.error_code,
       (SELECT count(*) FROM generations_attempt a WHERE a.request_id = r.id),
       (SELECT count(*) FROM generations_image i
        WHERE i.request_id = r.id AND i.status = 'stored'),
       (SELECT count(*) FROM generations_image i
        WHERE i.request_id = r.id AND i.renditions_at IS NOT NULL),
       (SELECT coalesce(sum(amount), 0) FROM accounts_ledgerentry e WHERE e.hold_id = r.hold_id),
       r.id::text
FROM generations_generationrequest r ORDER BY r.id
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One request as the database has it; `booked` is what the team and the house paid."""

    prompt: str
    status: str
    error_code: str
    attempts: int
    stored: int
    rendered: int
    booked: int
    id: str

    @property
    def is_over(self) -> bool:
        """Ended, and if there are images, with their renditions."""
        return self.status in ENDS and self.rendered == self.stored


# Submits what it is told, line by line: a process of its own for each request would be slow.
ASKING = """
import json, sys, django
django.setup()
from django.db import connection
from accounts.models import Team, User
from generations.services import requests
by, team = User.objects.get(email=sys.argv[1]), Team.objects.get(slug=sys.argv[2])
params = {"image_size": {"width": 512, "height": 512}}
for line in sys.stdin:
    prompt, count = json.loads(line)
    for _ in range(count):
        requests.submit(by=by, team=team, model_id=sys.argv[3], prompt=prompt, params=params)
    connection.close()
    print("asked", flush=True)
"""


class Evidence:
    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.asking = subprocess.Popen(
            [sys.executable, "-c", ASKING, OWNER, TEAM, MODEL],
            cwd=BASE,
            env={**instance.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """Check all there is a last time, with the operator's own commands."""
        self.asking.communicate()
        self.check()
        for command in ("check_ledger", "check_images"):
            said = self.instance.manage(command, check=False)
            assert json.loads(said.stdout)["problems"] == []

    def order_fault(self, fault: str, **how: object) -> None:
        rules = [{"fault": fault, **how}]
        httpx.post(f"{self.instance.sandbox_url}/_sandbox/faults", json=rules).raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        book = httpx.get(f"{self.instance.sandbox_url}/_sandbox/book").json()
        calls: list[dict[str, Any]] = book["calls"]
        return calls

    def ask(self, prompt: str, *, count: int = 1) -> None:
        """Submit without waiting for the end."""
        assert self.asking.stdin is not None
        assert self.asking.stdout is not None
        self.asking.stdin.write(json.dumps([prompt, count]) + "\n")
        self.asking.stdin.flush()
        assert self.asking.stdout.readline() == "asked\n"

    def rows(self, prompt: str = "") -> list[Row]:
        """The requests whose prompt has these words, as soon as the database answers."""
        for _ in range(100):
            try:
                with psycopg.connect(embedded.url(self.instance.data)) as connection:
                    found = [Row(*values) for values in connection.execute(REQUESTS).fetchall()]
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return [row for row in found if prompt in row.prompt]
        raise AssertionError("the database does not answer")

    def row(self, prompt: str) -> Row:
        (row,) = self.rows(prompt)
        return row

    def statuses(self, prompt: str) -> set[str]:
        return {row.status for row in self.rows(prompt)}

    def wait_until(self, holds: Callable[[], bool], *, seconds: float = 30) -> None:
        give_up_at = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > give_up_at:
                told = [*map(str, self.rows()), *self.instance.lines[-30:]]
                raise AssertionError("it never came to that:\n" + "\n".join(told))
            time.sleep(0.05)

    def wait_for_status(self, prompt: str, *statuses: str) -> None:
        self.wait_until(lambda: self.statuses(prompt) <= set(statuses))

    def wait_for_the_end(self) -> None:
        self.wait_until(lambda: all(row.is_over for row in self.rows()), seconds=45)

    def kill(self, queue: str, number: int = signal.SIGKILL) -> None:
        """Signal the worker of a queue; a kill takes the processes it started, too."""
        pids = sorted(self.instance.pids(f"worker -Q {queue}"))
        for pid in pids if number == signal.SIGKILL else pids[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill_database(self) -> None:
        postmaster = self.instance.data / "postgres" / "postmaster.pid"
        os.kill(int(postmaster.read_text().split()[0]), signal.SIGKILL)

    def check(self) -> None:
        """What must hold after any crash, once everything ended."""
        assert all(row.is_over for row in self.rows())
        calls = self.calls()
        posts = Counter(call["client_request_id"] for call in calls)
        assert set(posts.values()) <= {1}, "an attempt was sent twice"
        charges = _charges(calls)
        for row in self.rows():
            paid = charges[row.id]
            assert not any(paid[:-1]), f"{row} was sent again after it had been charged"
            assert row.booked == sum(paid), f"{row} is booked otherwise than the provider charged"


def _charges(calls: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    """What each attempt that reached the provider cost in microcredits, by request, in order."""
    charges: dict[str, list[int]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: str(call["client_request_id"])):
        request, _, _ = str(call["client_request_id"]).partition(".")
        charges[request].append(call["credits"] * MICROCREDITS_A_CREDIT)
    return charges
