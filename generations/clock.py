"""Work that a process repeats beside its tasks, in a thread of its own."""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import connection

log = structlog.get_logger(__name__)


def every(seconds: float, work: Callable[[], None]) -> None:
    """Do the work now and again after so many seconds, until the process ends."""
    threading.Thread(target=_repeat, args=[seconds, work], daemon=True).start()


def _repeat(seconds: float, work: Callable[[], None]) -> None:
    while True:
        try:
            try:
                work()
            finally:
                connection.close()
        except Exception:
            # The next round may find the database back; without rounds nothing ever recovers.
            log.exception("clockwork_failed")
        time.sleep(seconds)
