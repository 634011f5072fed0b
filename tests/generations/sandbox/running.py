"""The real sandbox server in a process of its own, and the words to steer it."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

REALISM = "flux-realism"
READY_WITHIN = 20.0


class RunningSandbox:
    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=10)
        self.take_new_key()

    def take_new_key(self) -> None:
        """A key whose logs are empty yet."""
        self.key = uuid.uuid4().hex
        self.client.headers["Authorization"] = f"Bearer {self.key}"

    def generate(
        self, model: str = REALISM, /, *, timeout: float = 10, **payload: object
    ) -> httpx.Response:
        body = {"model": model, "prompt": "A lighthouse", **payload}
        return self.client.post("/v1/images/generations", json=body, timeout=timeout)

    def fault(self, **rule: object) -> None:
        answer = self.client.post("/_sandbox/faults", json=[rule])
        assert answer.status_code == 204, answer.text

    def price(self, said: dict[str, object]) -> None:
        """What models cost from now on."""
        answer = self.client.post("/_sandbox/prices", json=said)
        assert answer.status_code == 204, answer.text

    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.client.get("/_sandbox/book").json()["calls"]
        return calls

    def last_call(self) -> dict[str, Any]:
        return self.calls()[-1]

    def logs(self, **params: str | int | list[str]) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/v2/logs", params=params).json()
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def sandbox(*options: str | Path) -> Iterator[RunningSandbox]:
    port = _free_port()
    command = [sys.executable, "-m", "generations.sandbox", "--port", str(port), *map(str, options)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        running = RunningSandbox(port, process)
        try:
            _wait_for(running)
            yield running
        finally:
            running.client.close()
            process.terminate()
            process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(running: RunningSandbox) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while running.process.poll() is None:
        try:
            running.client.get("/_sandbox/book")
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The sandbox did not start.")
