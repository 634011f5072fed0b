"""What the sandbox received and what it charged: the evidence that checks are made against.

Each change of a call is one line of JSON, appended and flushed before the answer leaves; the last
line of a call is how it stands. A sandbox that is started again on the same file forgets nothing.
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from generations.parameters import Json

AIMLAPI = "aimlapi"
FAL = "fal"
KEY_PREFIX = 8  # what the vendor shows of a key, and how its logs name it


class Status(StrEnum):
    OPEN = "open"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One POST for images, and how it ended."""

    inference_id: str
    request_id: str
    client_request_id: str | None
    key_prefix: str
    model: str | None
    received_at: datetime
    provider: str = AIMLAPI
    status: Status = Status.OPEN
    credits: int = 0  # AIML API's, for fal too: 2,000,000 to the US dollar
    units: str = ""  # what fal says it billed
    ended_at: datetime | None = None
    logged: bool = True  # whether the logs a client may read ever show it


class Book:
    def __init__(self, path: Path | None = None, *, log_lag: float = 0.0) -> None:
        self._path = path
        self._log_lag = timedelta(seconds=log_lag)
        self._calls: dict[str, Call] = {}
        self._open: set[str] = set()
        self.peak = 0  # most calls open at once since the start
        if path is not None and path.exists():
            self._reload(path)

    def receive(
        self,
        *,
        key: str,
        model: str | None,
        client_request_id: str | None,
        provider: str = AIMLAPI,
    ) -> Call:
        call = Call(
            provider=provider,
            inference_id=str(uuid.uuid4()) if provider == FAL else uuid.uuid4().hex,
            request_id=uuid.uuid4().hex,
            client_request_id=client_request_id,
            key_prefix=key[:KEY_PREFIX],
            model=model,
            received_at=datetime.now(UTC),
        )
        self._write(call)
        self._open.add(call.inference_id)
        self.peak = max(self.peak, self.open)
        return call

    def charge(self, call: Call, credits_: int, *, units: str = "") -> Call:
        return self._end(replace(call, units=units), Status.SUCCEEDED, credits_=credits_)

    def fail(self, call: Call, *, logged: bool = True) -> Call:
        """Failed calls cost nothing."""
        return self._end(call, Status.FAILED, logged=logged)

    @property
    def calls(self) -> list[Call]:
        return list(self._calls.values())

    @property
    def open(self) -> int:
        return len(self._open)

    def spent(self, key_prefix: str) -> int:
        """AIML API's credits that the key used up."""
        return sum(call.credits for call in self._key(key_prefix, AIMLAPI))

    def log(self, key_prefix: str, *, provider: str = AIMLAPI) -> list[Call]:
        """The key's ended calls, the newest first, as late as the log lags."""
        found = self._logged(key_prefix, provider)
        return sorted(found, key=lambda call: call.received_at, reverse=True)

    def _logged(self, key_prefix: str, provider: str) -> Iterator[Call]:
        latest = datetime.now(UTC) - self._log_lag
        for call in self._key(key_prefix, provider):
            over = call.ended_at is not None and call.ended_at <= latest
            if over and call.logged:
                yield call

    def _key(self, key_prefix: str, provider: str) -> Iterator[Call]:
        for call in self._calls.values():
            if call.provider == provider and call.key_prefix == key_prefix:
                yield call

    def _end(self, call: Call, status: Status, *, credits_: int = 0, logged: bool = True) -> Call:
        ended = replace(
            call, status=status, credits=credits_, ended_at=datetime.now(UTC), logged=logged
        )
        self._write(ended)
        self._open.discard(call.inference_id)
        return ended

    def _write(self, call: Call) -> None:
        self._calls[call.inference_id] = call
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(as_json(call)) + "\n")

    def _reload(self, path: Path) -> None:
        _drop_torn_line(path)
        for line in path.read_text(encoding="utf-8").splitlines():
            call = _from_json(json.loads(line))
            self._calls[call.inference_id] = call
        for call in self.calls:
            if call.status is Status.OPEN:  # the work died with the last process
                self.fail(call)


def as_json(call: Call) -> dict[str, Json]:
    ended = call.ended_at and call.ended_at.isoformat()
    return asdict(call) | {"received_at": call.received_at.isoformat(), "ended_at": ended}


def _from_json(fields: dict[str, object]) -> Call:
    moments = {
        name: datetime.fromisoformat(str(fields[name]))
        for name in ("received_at", "ended_at")
        if fields[name]
    }
    known = fields | moments | {"status": Status(str(fields["status"]))}
    return Call(**known)  # type: ignore[arg-type]  # a line of our own writing


def _drop_torn_line(path: Path) -> None:
    """A process killed while writing leaves half a line, which was never acted upon."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with path.open("r+b") as file:
            file.truncate(whole)
