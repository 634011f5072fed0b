"""A whole Darkroom as a real process, for tests and measurements of what only that shows."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config import embedded
from config.paths import BASE
from tests.forking import Commands

READY = "Darkroom is ready"
START_SECONDS = 60
STOP_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Instance:
    """`manage.py up` on free ports with a data folder of its own."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.sandbox_port = free_port()
        self.lines: list[str] = []
        self.environment = {
            **_bare_environment(),
            "DARKROOM_DATA": str(data),
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            **(environment or {}),
        }
        self.process: subprocess.Popen[str] | None = None
        self._commands: Commands | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def database_url(self) -> str:
        return self.environment.get("DATABASE_URL") or embedded.url(self.data)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=BASE,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=[self.process], daemon=True).start()
        self.wait_for_line(READY)

    def stop(self) -> float:
        """Seconds that a clean stop took."""
        if self._commands:
            self._commands.close()
            self._commands = None
        if self.process is None:
            return 0.0
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        return time.monotonic() - began

    def wait_for_line(self, words: str, *, seconds: float = START_SECONDS) -> str:
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            found = [line for line in list(self.lines) if words in line]
            if found:
                return found[0]
            if self.process and self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"no line with {words!r}:\n" + "\n".join(self.lines[-40:]))

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A `manage.py` command beside the running instance."""
        self._commands = self._commands or Commands(self.environment)
        done = self._commands.run(arguments)
        assert done.returncode == 0 or not check, done.stderr
        return done

    def generate(self, *arguments: str, wait: int = 30) -> list[dict[str, Any]]:
        """What `manage.py generate` printed for the studio's owner, line by line."""
        done = self.manage("generate", OWNER, TEAM, *arguments, "--wait", str(wait), check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check_books(self) -> None:
        """With the operator's own command, that all of the books' invariants hold."""
        said = self.manage("check_ledger", check=False)
        assert json.loads(said.stdout)["problems"] == [], said.stdout

    def pids(self, part: str = "") -> list[int]:
        """Processes that belong to this instance, by its data folder in their environment."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                environment = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"DARKROOM_DATA={self.data}\0".encode() in environment and part in command:
                found.append(int(entry.name))
        return found

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.lines.append(line.rstrip())


OWNER = "owner@example.com"
PASSWORD = "a long enough one"
TEAM = "studio"


@contextmanager
def running(data: Path, **environment: str) -> Iterator[Instance]:
    """A running instance with an owner, a team and 10,000 credits; at the end its books balance."""
    instance = Instance(data, environment)
    instance.start()
    try:
        person = ("--email", OWNER, "--password", PASSWORD)
        instance.manage("bootstrap", *person, "--team", TEAM, "--credits", "10000")
        yield instance
        instance.check_books()
    finally:
        instance.stop()


def _bare_environment() -> dict[str, str]:
    """The environment without what would point the instance at somebody else's services."""
    ours = re.compile(
        r"DATABASE|REDIS|S3_|AWS_|AIMLAPI|FAL_|SANDBOX|PROVIDER|PORT$|SECRET_KEY|LEASE|SWEEP|LOG_|"
        r"PUBLIC_URL|DARKROOM|DJANGO"
    )
    return {name: value for name, value in os.environ.items() if not ours.match(name)}
