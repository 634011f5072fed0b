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

from config.paths import BASE
from tests.instance import OWNER, TEAM, Instance

FLUX, REALISM = "flux/dev", "fal-ai/flux-realism"
MICROCREDITS_A_CREDIT = 50  # the provider's credit is 500 nano-USD, ours a US cent
ENDS = {"succeeded", "failed", "cancelled"}
PATIENCE = 60  # seconds with a sandbox that draws for thousands

REQUESTS = """
SELECT r.prompt, r.status, r.error_code,
       (SELECT count(*) FROM generations_attempt a WHERE a.request_id = r.id),
       (SELECT count(*) FROM generations_image i
        WHERE i.request_id = r.id AND i.status = 'stored'),
       (SELECT count(*) FROM generations_image i
        WHERE i.request_id = r.id AND i.renditions_at IS NOT NULL),
       (SELECT coalesce(sum(amount), 0) FROM accounts_ledgerentry e WHERE e.hold_id = r.hold_id),
       r.id::text, r.provider
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
    provider: str

    @property
    def is_over(self) -> bool:
        """Ended, and if there are images, with their renditions."""
        return self.status in ENDS and self.rendered == self.stored


# Does what it is told, line by line: a process of its own for each request would be slow.
DOING = """
import json, sys, time, django
django.setup()
from django.db import DatabaseError, connection
from accounts.models import Team, User
from accounts.services import ledger, teams
from generations.errors import TooLateToCancel
from generations.models import GenerationRequest
from generations.services import requests
by = User.objects.get(email=sys.argv[1])
mine = [Team.objects.get(slug=sys.argv[2])]
for number in range(1, int(sys.argv[3])):
    mine.append(teams.create_team(by=by, name=f"Team {number}"))
    ledger.grant(team=mine[-1], amount=10**10, reason="To test", reference=f"team {number}")
params = {"image_size": {"width": 512, "height": 512}}

def ask(prompt, count, team, model):
    for _ in range(count):
        requests.submit(by=by, team=mine[team], model_id=model, prompt=prompt, params=params)
    return "asked"

def cancel(prompt):
    try:
        done = requests.cancel(request=GenerationRequest.objects.get(prompt=prompt))
    except TooLateToCancel:
        return "too late"
    return "cancelled" if done else "asked for"

for line in sys.stdin:
    verb, *words = json.loads(line)
    for _ in range(100):
        try:
            said = {"ask": ask, "cancel": cancel}[verb](*words)
            break
        except DatabaseError:
            time.sleep(0.1)
        finally:
            connection.close()
    print(said, flush=True)
"""


class Evidence:
    def __init__(self, instance: Instance, *, teams: int = 1) -> None:
        self.instance = instance
        self.doing = subprocess.Popen(
            [sys.executable, "-c", DOING, OWNER, TEAM, str(teams)],
            cwd=BASE,
            env={**instance.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """Check all there is a last time, with the operator's own commands."""
        self.doing.communicate()
        self.check()
        for command in ("check_ledger", "check_images"):
            said = self.instance.manage(command, check=False)
            assert json.loads(said.stdout)["problems"] == []

    def order_fault(self, fault: str, **how: object) -> None:
        self.order_faults([{"fault": fault, **how}])

    def order_faults(self, rules: Sequence[dict[str, object]]) -> None:
        url = f"{self.instance.sandbox_url}/_sandbox/faults"
        httpx.post(url, json=list(rules), timeout=PATIENCE).raise_for_status()

    def forget_faults(self) -> None:
        httpx.delete(f"{self.instance.sandbox_url}/_sandbox/faults").raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        book = httpx.get(f"{self.instance.sandbox_url}/_sandbox/book", timeout=PATIENCE).json()
        calls: list[dict[str, Any]] = book["calls"]
        return calls

    def ask(self, prompt: str, *, count: int = 1, team: int = 0, model: str = FLUX) -> None:
        """Submit without waiting for the end, also when the database is away for a moment."""
        assert self._do("ask", prompt, count, team, model) == "asked"

    def cancel(self, prompt: str) -> str:
        """Whether it is cancelled, asked for, or too late."""
        return self._do("cancel", prompt)

    def _do(self, *words: object) -> str:
        assert self.doing.stdin is not None
        assert self.doing.stdout is not None
        self.doing.stdin.write(json.dumps(words) + "\n")
        self.doing.stdin.flush()
        return self.doing.stdout.readline().strip()

    def rows(self, prompt: str = "") -> list[Row]:
        """The requests whose prompt has these words, as soon as the database answers."""
        for _ in range(100):
            try:
                with psycopg.connect(self.instance.database_url) as connection:
                    found = [Row(*values) for values in connection.execute(REQUESTS).fetchall()]
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return [row for row in found if prompt in row.prompt]
        raise AssertionError("the database does not answer")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement, which may also write."""
        with psycopg.connect(self.instance.database_url) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

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

    def wait_for_status(self, prompt: str, *statuses: str, seconds: float = 30) -> None:
        self.wait_until(lambda: self.statuses(prompt) <= set(statuses), seconds=seconds)

    def wait_until_sent(self, prompt: str) -> None:
        """Until the provider has them: a worker that dies before that, never sent anything."""

        def has_all() -> bool:
            taken = {str(call["client_request_id"]).partition(".")[0] for call in self.calls()}
            return {row.id for row in self.rows(prompt)} <= taken

        self.wait_until(has_all)

    def wait_for_code(self, prompt: str, code: str) -> None:
        self.wait_until(lambda: {row.error_code for row in self.rows(prompt)} == {code})

    def wait_for_the_end(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        def is_over() -> bool:
            meanwhile()
            return all(row.is_over for row in self.rows())

        self.wait_until(is_over, seconds=90)

    def kill(self, queue: str, number: int = signal.SIGKILL) -> None:
        """Signal the worker of a queue; a kill takes the processes it started, too."""
        pids = sorted(self.instance.pids(f"worker -Q {queue}"))
        for pid in pids if number == signal.SIGKILL else pids[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill_part(self, command: str) -> None:
        for pid in self.instance.pids(command):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_database(self) -> None:
        postmaster = self.instance.data / "postgres" / "postmaster.pid"
        os.kill(int(postmaster.read_text().split()[0]), signal.SIGKILL)

    def left(self) -> list[Row]:
        """What has neither ended nor waits lawfully: for a submit that fal may never have taken."""
        taken = [call for call in self.calls() if call["status"] != "failed"]
        charged = {str(call["client_request_id"]).partition(".")[0] for call in taken}
        waits = {"provider": "fal", "status": "unconfirmed"}
        return [
            row
            for row in self.rows()
            if not row.is_over
            and (row.id in charged or waits != {"provider": row.provider, "status": row.status})
        ]

    def check(self) -> None:
        """What must hold after any crash, once everything ended."""
        assert self.left() == []
        calls = self.calls()
        posts = Counter(call["client_request_id"] for call in calls)
        assert set(posts.values()) <= {1}, "an attempt was sent twice"
        charges = _charges(calls)
        for row in self.rows():
            paid = charges[row.id]
            assert not any(paid[:-1]), f"{row} was sent again after it had been charged"
            if row.is_over:
                assert row.booked == sum(paid), f"{row} is booked otherwise than it was charged"


def _charges(calls: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    """What each attempt that reached the provider cost in microcredits, by request, in order."""
    charges: dict[str, list[int]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: str(call["client_request_id"])):
        request, _, _ = str(call["client_request_id"]).partition(".")
        charges[request].append(call["credits"] * MICROCREDITS_A_CREDIT)
    return charges
