"""Whether there is space to keep what is made; while there is none, nothing new is paid for.

Each worker looks every few seconds. What is under way goes on, and is kept where it can be.
"""

import shutil
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings

from generations.models import GenerationRequest, Status
from generations.services import circuits, notices, storing

DISK = "disk"
BACKLOG = "backlog"
# A pause outlives so many looks: one that is late does not end it.
LASTS = 3

log = structlog.get_logger(__name__)


def watch() -> None:
    """Pause everything while there is no space, and tell staff at most once an hour."""
    because = missing()
    if not because:
        circuits.resume_everything()
        return
    log.warning("no_space", because=because)
    lasts = timedelta(seconds=LASTS * settings.SWEEP_SECONDS)
    circuits.pause_everything(because=because, lasts=lasts)
    notices.no_space(because)


def missing() -> str:
    """What there is too little of, if anything."""
    if any(_free(folder) < settings.LOW_DISK_BYTES for folder in settings.KEPT_IN):
        return DISK
    return BACKLOG if _waiting() > settings.STORAGE_BACKLOG_LIMIT else ""


def _waiting() -> int:
    """Answered requests whose pictures the store did not take; one beyond the limit is enough."""
    answered = GenerationRequest.objects.filter(status=Status.ANSWERED)
    waiting = answered.filter(error_code=storing.STORAGE)
    return waiting[: settings.STORAGE_BACKLOG_LIMIT + 1].count()


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder if folder.exists() else folder.parent).free
