"""A worker that was asked to stop: it begins nothing, and hands over what does not end in time.

Celery runs the tickets that it has taken before it ends, so that they have to find nothing.
"""

import os
import time
from dataclasses import dataclass

import structlog
from django.conf import settings

from generations.services import leases

LOOK_SECONDS = 0.25

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Drain:
    ends_at: float | None = None


_drain = _Drain()


def begin() -> None:
    """Begin nothing new from now on. Runs in a signal handler, and so takes no lock."""
    if _drain.ends_at is None:
        _drain.ends_at = time.monotonic() + settings.STOP_GRACE_SECONDS


def is_on() -> bool:
    return _drain.ends_at is not None


def end_in_time() -> None:
    """When the grace is over, let go of what is in hand and end this process, calls and all.

    What was sent becomes UNCONFIRMED at the next sweep of any worker, what was answered is stored
    by another one.
    """
    if _drain.ends_at is None or time.monotonic() < _drain.ends_at:
        return
    try:
        log.warning("handed_over", requests=leases.held())
        leases.let_go()
    finally:
        os._exit(0)
