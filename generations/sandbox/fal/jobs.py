"""fal's queue: what waits, what is worked on by a few runners, and what came of it for a while."""

import asyncio
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus

from generations.catalog import Model
from generations.parameters import Json
from generations.sandbox.book import Call
from generations.sandbox.faults import NO_FAULT, Rule

RUNNERS = 2  # what fal gives a new account
KEPT_SECONDS = 3600.0
KEPT_SECONDS_IF_LARGE = 360.0
LARGE = 10_000


class Stage(StrEnum):
    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """As the model gave it: whatever status, headers and body."""

    status: int
    body: dict[str, Json]
    headers: Mapping[str, str] = field(default_factory=dict)
    error_type: str = ""

    @property
    def is_good(self) -> bool:
        return self.status < HTTPStatus.BAD_REQUEST

    @property
    def error(self) -> str:
        return "" if self.is_good else f"Invalid status code: {self.status}"


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    call: Call
    model: Model
    payload: dict[str, Json]
    base_url: str
    webhook: str
    rule: Rule = NO_FAULT
    wait: Rule = NO_FAULT
    stage: Stage = Stage.IN_QUEUE
    logs: list[Json] = field(default_factory=list)
    result: Result | None = None
    received: float = field(default_factory=time.monotonic)
    began: float = 0.0
    ended: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def id(self) -> str:
        return self.call.inference_id

    @property
    def prompt(self) -> str:
        return str(self.payload.get("prompt", ""))

    @property
    def address(self) -> str:
        """Where it is asked about: without the path below the app, as fal leaves it out."""
        app = "/".join(self.model.id.split("/")[:2])
        return f"{self.base_url}{app}/requests/{self.id}"

    def say(self, words: str) -> None:
        stamp = datetime.now(UTC).isoformat(timespec="microseconds")
        self.logs.append(
            {"message": words, "timestamp": stamp, "level": "INFO", "source": "USER", "labels": {}}
        )

    def end(self, result: Result) -> None:
        self.result = result
        self.stage, self.ended = Stage.COMPLETED, time.monotonic()
        self.done.set()

    @property
    def is_kept(self) -> bool:
        if self.result is None:
            return True
        large = len(json.dumps(self.result.body)) >= LARGE
        kept = KEPT_SECONDS_IF_LARGE if large else KEPT_SECONDS
        return time.monotonic() - self.ended < kept

    @property
    def made_up_before(self) -> int:
        """Others that a rule pretends are before it, fewer as its time goes by."""
        seconds = self.wait.seconds or 0.0
        left = seconds - (time.monotonic() - self.received)
        return math.ceil(self.wait.position * left / seconds) if left > 0 else 0


class Jobs:
    """Every job of this process, by id, and the order in which they wait."""

    def __init__(self) -> None:
        self.runners = asyncio.Semaphore(RUNNERS)
        self.tasks: set[asyncio.Task[None]] = set()
        self._jobs: dict[str, Job] = {}
        self._waiting: list[Job] = []

    def add(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._waiting.append(job)

    def find(self, request_id: str) -> Job | None:
        job = self._jobs.get(request_id)
        return job if job and job.is_kept else None

    def start(self, job: Job) -> bool:
        """Take a job out of the queue; false if it was cancelled there."""
        if job not in self._waiting:
            return False
        self._waiting.remove(job)
        job.stage, job.began = Stage.IN_PROGRESS, time.monotonic()
        return True

    def cancel(self, job: Job) -> bool:
        if job not in self._waiting:
            return False
        self._waiting.remove(job)
        return True

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def position(self, job: Job) -> int:
        before = self._waiting.index(job) if job in self._waiting else 0
        return before + job.made_up_before
