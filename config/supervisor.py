"""Darkroom on one machine: the database, the parts, and nothing left when it stops."""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import httpx
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from accounts.services import sign_in, users
from config import embedded, health, paths, schema
from config.parts import FIRST_PAUSE, Part, all_parts

READY_SECONDS = 90
HAND_OVER_SECONDS = 1  # For a worker whose grace is over, to let go of what it holds.
WATCH_SECONDS = 0.5
LONGEST_LOG, KEPT_OF_LOG = 10_000_000, 1_000_000  # bytes
PR_SET_CHILD_SUBREAPER = 36


class CannotStart(RuntimeError):
    """Why, and what to do about it."""


class Supervisor:
    """Runs every part until told to stop by Ctrl-C or SIGTERM."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._printing = threading.Lock()
        self._parts: list[Part] = []

    def run(self) -> None:
        """Raises CannotStart, DatabaseDidNotStart."""
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._on_signal)
        _adopt_orphans()
        with _sole_use():
            _check_ports()
            with _database():
                self._run_parts()

    def say(self, name: str, line: str) -> None:
        # A full disk, or a reader that went away, must not end who relays what the parts say.
        with self._printing, contextlib.suppress(OSError, ValueError):
            sys.stdout.write(f"{name:<9}| {line}\n")
            sys.stdout.flush()

    def _run_parts(self) -> None:
        self.say("darkroom", "preparing the database and the pages")
        prepare()
        first_owner = users.ensure_owner(settings.OWNER_EMAIL)
        link = sign_in.link_for(first_owner) if first_owner else ""
        _forget_connections()
        self._parts = all_parts(self.say, _environment())
        try:
            self._start(link)
            self._watch()
        finally:
            self._stop()

    def _start(self, link: str) -> None:
        for part in self._parts:
            part.start()
        if not self._wait_until_ready():
            return
        self.say("darkroom", f"Darkroom is ready: {settings.PUBLIC_URL}")
        if not health.broker_answers():
            self.say("darkroom", "Redis does not answer: what is asked for waits until it does")
        if link:
            self.say("darkroom", f"Sign in as its owner (works once): {link}")
        if settings.USE_SANDBOX:
            self.say(
                "darkroom", "The sandbox draws the pictures; put AIMLAPI_KEY in .env for real ones"
            )
        self.say("darkroom", "Stop with Ctrl-C")

    def _wait_until_ready(self) -> bool:
        give_up_at = time.monotonic() + READY_SECONDS
        while not self._stopping.wait(0.1):
            if _answers():
                return True
            if time.monotonic() > give_up_at:
                raise CannotStart("The web server did not answer; its lines above say why.")
            for part in self._parts:
                part.watch()
        return False

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_SECONDS):
            for part in self._parts:
                part.watch()
            self._bury_orphans()
            keep_log_short(settings.DARKROOM_DATA / "postgres" / "server.log")
            if not paths.database_url() and not embedded.is_alive(settings.DARKROOM_DATA):
                self.say("database", "ended; starting again")
                self._restart_database()

    def _bury_orphans(self) -> None:
        """Or the pid of a dead database server stays taken, and none can follow it."""
        if sys.platform != "linux":
            return
        parts = {part.process.pid for part in self._parts if part.process}
        with contextlib.suppress(ChildProcessError):
            while dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if dead.si_pid in parts:
                    return  # It is watched, and needs its exit code.
                os.waitpid(dead.si_pid, 0)

    def _restart_database(self) -> None:
        try:
            embedded.restart(settings.DARKROOM_DATA)
        except embedded.DatabaseDidNotStart as error:
            self.say("database", str(error))
            self._stopping.wait(FIRST_PAUSE)

    def _stop(self) -> None:
        if not self._parts:
            return
        self.say("darkroom", "stopping")
        deadline = time.monotonic() + settings.STOP_GRACE_SECONDS + HAND_OVER_SECONDS
        # The sandbox goes last: calls that wait on it are given the time to end.
        for part in self._parts[::-1]:
            if part.name != "sandbox":
                part.ask_to_stop()
        for part in self._parts[::-1]:
            if part.name == "sandbox":
                part.ask_to_stop()
            part.wait(deadline)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping.set()


def _adopt_orphans() -> None:
    """Become the parent of what our children leave behind, the database server first of all."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def keep_log_short(log: Path) -> None:
    """Begin a log anew that has grown long, keeping its end; who writes it goes on."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > LONGEST_LOG:
            with log.open("rb") as old:
                old.seek(-KEPT_OF_LOG, os.SEEK_END)
                log.with_suffix(".log.1").write_bytes(old.read())
            os.truncate(log, 0)


def prepare() -> None:
    """Bring the database and the static files up to this version."""
    for folder in ("messages", "control"):
        (settings.BROKER_FOLDER / folder).mkdir(parents=True, exist_ok=True)
    schema.migrate()
    call_command("collectstatic", interactive=False, verbosity=0)


@contextlib.contextmanager
def _sole_use() -> Iterator[None]:
    """Hold the data folder for this instance alone. Raises CannotStart."""
    settings.DARKROOM_DATA.mkdir(parents=True, exist_ok=True)
    with (settings.DARKROOM_DATA / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"Darkroom (process {lock.read().strip()}) already runs with "
                f"{settings.DARKROOM_DATA}. Stop it, or set DARKROOM_DATA to another folder."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _database() -> contextlib.AbstractContextManager[None]:
    if paths.database_url():
        return contextlib.nullcontext()
    return embedded.running(settings.DARKROOM_DATA)


def _check_ports() -> None:
    wanted = {"PORT": (settings.HOST, settings.PORT)}
    if settings.USE_SANDBOX:
        wanted["SANDBOX_PORT"] = ("127.0.0.1", settings.SANDBOX_PORT)
    for name, address in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError:
                raise CannotStart(
                    f"Port {address[1]} is taken by another program. Set {name} to a free one."
                ) from None


def _environment() -> dict[str, str]:
    """What the parts must see as we do, whatever they are started from."""
    return {
        "DARKROOM_DATA": str(settings.DARKROOM_DATA),
        "DATABASE_URL": paths.database_url() or embedded.url(settings.DARKROOM_DATA),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def _forget_connections() -> None:
    for connection in connections.all(initialized_only=True):
        connection.close()
        getattr(connection, "close_pool", lambda: None)()


def _answers() -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{settings.PORT}/readyz", timeout=5).is_success
    except httpx.HTTPError:
        return False
