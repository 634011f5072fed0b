"""Work that a process does beside its tasks, in threads of its own."""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import connection

log = structlog.get_logger(__name__)


def every(seconds: float, work: Callable[[], None]) -> None:
    """Do the work now and again after so many seconds, until the process ends."""
    threading.Thread(target=_repeat, args=[seconds, work], daemon=True).start()


def alone(work: Callable[[], object], failed: str, **what: str) -> None:
    """Do it and give its connection back; what goes wrong ends here, and is logged as that."""
    try:
        try:
            work()
        finally:
            connection.close()
    except Exception:
        log.exception(failed, **what)


def _repeat(seconds: float, work: Callable[[], None]) -> None:
    while True:
        # The next round may find the database back; without rounds nothing ever recovers.
        alone(work, "clockwork_failed")
        time.sleep(seconds)
