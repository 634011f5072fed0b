"""`manage.py` commands from a process that has imported Django already and forks for each.

Importing takes most of a short command's time, and a run of all tests gives hundreds of them.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from config.paths import BASE


class Commands:
    """Runs commands with one environment, one after the other."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # By its input, not its environment: an instance's processes are known by theirs.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking"],
            cwd=BASE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._ask(dict(environment))

    def run(self, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        """What the command printed and ended with."""
        with tempfile.TemporaryDirectory(prefix="darkroom-command-") as folder:
            status = int(self._ask({"arguments": arguments, "folder": folder}))
            out, error = (Path(folder, name).read_text() for name in ("out", "error"))
        return subprocess.CompletedProcess(arguments, status, out, error)

    def close(self) -> None:
        self._process.communicate()

    def _ask(self, job: Mapping[str, object]) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def _serve() -> None:
    os.environ.clear()
    os.environ.update(json.loads(sys.stdin.readline()))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django  # noqa: PLC0415 - its settings read the environment

    django.setup()
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(job["arguments"], Path(job["folder"]))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(arguments: list[str], folder: Path) -> NoReturn:
    """This process as `manage.py`; what it raises ends it as it ends any other."""
    for number, path in enumerate((Path(os.devnull), folder / "out", folder / "error")):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    from manage import main  # noqa: PLC0415 - as late as the command itself would

    sys.argv = ["manage.py", *arguments]
    main()
    sys.exit()


if __name__ == "__main__":
    _serve()
