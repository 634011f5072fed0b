"""Whether anybody works: workers say that they live, and whoever looks tells staff if none does.

Nothing in the engine waits for this; but one that stands still would otherwise only look slow.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now

from generations import clock, enqueue
from generations.models import WorkerBeat
from generations.services import leases, notices

PARTS = GENERATE, MEDIA = ("generate", "media")
SCHEDULE = "beat"
WATCHED = (*PARTS, SCHEDULE)
# Why a part stands still: none of its workers lives, can send messages, or gets any; or nothing is
# begun at its hour.
NOBODY, CUT_OFF, DEAF, NO_SCHEDULE = "no_worker", "no_broker", "deaf", "no_schedule"
# Leases without a message until an idle worker counts as deaf.
DEAF_AFTER = 3
# Leases that a part has to stand still for whoever looks, until staff are told.
TOLD_AFTER = 2
# The schedule sends a message every half minute.
SILENT_AFTER = timedelta(minutes=5)
# Those that fell silent so long ago are no longer shown if others of their part live.
FORGOTTEN = timedelta(minutes=10)

log = structlog.get_logger(__name__)
_still_since: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process by its own last word, as of `now`."""

    said: WorkerBeat
    now: datetime

    @property
    def lives(self) -> bool:
        patience = SILENT_AFTER if self.said.part == SCHEDULE else leases.length()
        return self.now - self.said.seen_at < patience

    @property
    def is_deaf(self) -> bool:
        """Whether no message comes to it, though it has nothing in hand that one would wait for."""
        if self.said.held or self.said.part == SCHEDULE:
            return False
        return self.now - self.said.heard_at > DEAF_AFTER * leases.length()


@dataclass(frozen=True, slots=True)
class Standstill:
    """Why nothing of a part is worked on, and since when; `told` if staff got a mail about it."""

    part: str
    because: str
    since: datetime | None = None
    told: bool = False


def beat(part: str) -> None:
    """Say that this process lives, and forget those of its part that fell silent long ago."""
    held = leases.held()
    if not WorkerBeat.objects.filter(pk=leases.OWNER).update(held=held, seen_at=Now()):
        WorkerBeat.objects.create(name=leases.OWNER, part=part, held=held)
    _of(part).filter(seen_at__lt=Now() - FORGOTTEN).delete()


def call_out(part: str) -> None:
    """Send whoever works on this part a message: that it comes shows that others would."""
    sent = enqueue.call_out(part)
    since = None if sent else Coalesce("cut_off_at", Now())
    WorkerBeat.objects.filter(pk=leases.OWNER).update(cut_off_at=since)


def hear() -> None:
    WorkerBeat.objects.filter(pk=leases.OWNER).update(heard_at=Now())


def hear_schedule() -> None:
    """Take note that what is to be done at its hour is sent to whoever does it."""
    WorkerBeat.objects.update_or_create(
        name=SCHEDULE, defaults={"part": SCHEDULE, "seen_at": Now()}
    )


def workers() -> list[Worker]:
    """Every worker that spoke lately, and the last one of each part; the schedule as one, too."""
    rows = WorkerBeat.objects.annotate(now=Now()).order_by("part", "name")
    return [Worker(row, row.now) for row in rows]


def standstill(part: str, known: Sequence[Worker] | None = None) -> Standstill | None:
    """Why nobody works on this part, if nobody does."""
    everybody = workers() if known is None else known
    ours = [one for one in everybody if one.said.part == part]
    told = any(one.said.told_at for one in ours)
    living = [one for one in ours if one.lives]
    if part == SCHEDULE:
        last = ours[0].said.seen_at if ours else None
        return Standstill(part, NO_SCHEDULE, last, told) if _is_missed(last, everybody) else None
    if not living:
        last = max((one.said.seen_at for one in ours), default=None)
        return Standstill(part, NOBODY, last, told)
    cut_off = [one.said.cut_off_at for one in living if one.said.cut_off_at]
    if len(cut_off) == len(living):
        return Standstill(part, CUT_OFF, max(cut_off), told)
    # A worker that makes renditions says nothing of what its children have in hand.
    if part == GENERATE and all(one.is_deaf for one in living):
        return Standstill(part, DEAF, max(one.said.heard_at for one in living), told)
    return None


def _is_missed(last: datetime | None, everybody: Sequence[Worker]) -> bool:
    """Whether other messages came for long after the schedule's last one: they take the same way,
    so that neither a long queue nor workers that are away look like its silence."""
    ears = [one.said for one in everybody if one.said.part == GENERATE and one.lives]
    if not ears:
        return False
    since = last or min(one.began_at for one in ears)
    return max(one.heard_at for one in ears) - since > SILENT_AFTER


def keep_watch() -> None:
    """Look again and again; beside web processes too, which may be the last that live."""
    clock.every(settings.LEASE_SECONDS / 3, watch)


def watch() -> None:
    """Tell staff of a part that stands still: once, until it goes on."""
    known = workers()
    for part in WATCHED:
        found = standstill(part, known)
        if found is None:
            _still_since.pop(part, None)
            _of(part).filter(told_at__isnull=False).update(told_at=None)
        elif _has_lasted(part) and not found.told:
            _tell(found)


def _has_lasted(part: str) -> bool:
    """By our own eyes: just after a start, or after an outage of the database, all seem silent."""
    since = _still_since.setdefault(part, time.monotonic())
    return time.monotonic() - since >= TOLD_AFTER * settings.LEASE_SECONDS


def _tell(found: Standstill) -> None:
    # Of those who look at once one gets to.
    if _of(found.part).filter(told_at__isnull=True).update(told_at=Now()):
        log.error("nobody_works", part=found.part, because=found.because)
        notices.nobody_works(part=found.part, because=found.because, since=found.since)


def _of(part: str) -> QuerySet[WorkerBeat]:
    return WorkerBeat.objects.filter(part=part)
