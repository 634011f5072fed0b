"""The parts of a running Darkroom, and one part's life: start, prefix its lines, restart, stop."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0
PR_SET_PDEATHSIG = 1
# Decoders leak; children that did their share are replaced. Kibibytes.
CHILD_LIMITS = ("--max-tasks-per-child", "200", "--max-memory-per-child", "400000")

Say = Callable[[str, str], None]


@dataclass(slots=True)
class Part:
    """One child process in a process group of its own, restarted with back-off when it ends."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    say: Say = print
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    start_at: float = 0.0

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=settings.BASE_DIR,
            env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # one system call, which takes no lock
        )
        threading.Thread(target=self._relay, args=[self.process], daemon=True).start()

    def watch(self) -> None:
        """Start the part again if it ended and its pause is over."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if self.start_at == 0.0:
            self.kill()  # What the dead process left of its group goes with it.
            self.pause = FIRST_PAUSE if now - self.started_at > STEADY_AFTER else self.pause
            code = self.process.returncode
            self.say(self.name, f"ended ({code}); starting again in {self.pause:.0f} s")
            self.start_at = now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        elif now >= self.start_at:
            self.start_at = 0.0
            self.start()

    def ask_to_stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait for the end until the deadline, then make it."""
        if self.process is None:
            return
        try:
            self.process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            self.say(self.name, "did not stop in time and was ended")
        self.kill()
        self.process.wait()

    def kill(self) -> None:
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _relay(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.say(self.name, line.rstrip())


def all_parts(say: Say, environment: Mapping[str, str]) -> list[Part]:
    """What `up` runs, in the order of starting; stopping goes the other way round."""
    plain = {**environment, "DATABASE_POOL": "false", "REDIS_SOCKET_TIMEOUT": "30"}
    # A pool that gave up on a database tries again only for whoever asks next; who has an answer
    # in hand must ask well within the lease that is left when the database is back.
    pooled = {**environment, "REDIS_SOCKET_TIMEOUT": "30", "DATABASE_POOL_TIMEOUT": "10"}
    parts = [
        Part("web", web_command(), environment, say),
        Part("generate", worker_command("generate"), pooled, say),
        Part("media", worker_command("media"), plain, say),
        Part("beat", beat_command(), plain, say),
    ]
    if settings.USE_SANDBOX:
        parts.insert(0, Part("sandbox", sandbox_command(), environment, say))
    return parts


def web_command() -> list[str]:
    return [
        *_python("uvicorn"), "config.asgi:application",
        "--host", settings.HOST,
        "--port", str(settings.PORT),
        "--lifespan", "off",
        "--no-access-log",
        "--log-level", "warning",
        "--timeout-graceful-shutdown", "3",
    ]  # fmt: skip


def worker_command(queue: str) -> list[str]:
    """Threads wait on providers; a few processes decode pictures. Never the other way round."""
    pool, concurrency, limits = {
        "generate": ("threads", settings.WORKER_CONCURRENCY, ()),
        "media": ("prefork", settings.MEDIA_CONCURRENCY, CHILD_LIMITS),
    }[queue]
    return [
        *_python("celery"), "--quiet", "-A", "config", "worker",
        "-Q", queue, "-n", f"{queue}@%h",
        "-P", pool, "-c", str(concurrency),
        "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
        *limits,
    ]  # fmt: skip


def beat_command() -> list[str]:
    schedule = str(settings.DARKROOM_DATA / "beat-schedule")
    return [
        *_python("celery"), "--quiet", "-A", "config", "beat",
        "--loglevel", "WARNING", "-s", schedule, "--pidfile=",
    ]  # fmt: skip


def sandbox_command() -> list[str]:
    book = str(settings.DARKROOM_DATA / "sandbox.jsonl")
    port = str(settings.SANDBOX_PORT)
    return [*_python("generations.sandbox"), "--host", "127.0.0.1", "--port", port, "--book", book]


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def _end_with_parent() -> None:
    """Have the kernel end this child with its supervisor, also when that is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
