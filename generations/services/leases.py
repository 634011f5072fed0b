"""Who works on a request, and whether they still live.

A process renews the leases of what it holds every few seconds, so a dead one is noticed as soon as
its leases run out, however long the call may take. Time is the database's: workers' clocks differ.
"""

import os
import secrets
import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from config.sql import run_prepared
from generations.models import GenerationRequest, Status

# A new process is a new owner, even with the process id of one that died.
OWNER = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"[:80]
# In the place of an owner: a message about it is under way.
OFFERED = "the next that is free"

TAKE = """
UPDATE generations_generationrequest
SET lease_owner = %(owner)s, lease_until = statement_timestamp() + %(lease)s,
    due_at = statement_timestamp()
WHERE id = (
    SELECT id FROM generations_generationrequest
    WHERE status = 'answered' AND lease_until < statement_timestamp()
      AND (due_at <= statement_timestamp() OR lease_owner = %(offered)s)
      AND (%(request)s::uuid IS NULL OR id = %(request)s)
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""

_in_hand: set[UUID] = set()
_lock = threading.Lock()


def length() -> timedelta:
    return timedelta(seconds=settings.LEASE_SECONDS)


def until() -> object:
    """When a lease taken or renewed now runs out, as a database expression."""
    return Now() + length()


@contextmanager
def in_hand(request: UUID) -> Iterator[None]:
    """Have this request's lease renewed while the block runs."""
    with _lock:
        _in_hand.add(request)
    try:
        yield
    finally:
        with _lock:
            _in_hand.discard(request)


def held() -> int:
    """How many requests this process works on."""
    with _lock:
        return len(_in_hand)


def renew() -> None:
    """Renew the leases of everything this process works on."""
    with _lock:
        held = list(_in_hand)
    if held:
        GenerationRequest.objects.filter(
            pk__in=held, lease_owner=OWNER, status__in=[Status.SENDING, Status.ANSWERED]
        ).update(lease_until=until())


def let_go() -> None:
    """Let all of this process's leases run out now, so that nobody has to wait for that."""
    with _lock:
        _in_hand.clear()
    GenerationRequest.objects.filter(
        lease_owner=OWNER, status__in=[Status.SENDING, Status.ANSWERED]
    ).update(lease_until=Now())


def offer(requests: Collection[UUID]) -> None:
    """Let the next worker that is told of these answered requests take them, for a lease's time."""
    GenerationRequest.objects.filter(pk__in=requests).update(lease_owner=OFFERED, due_at=until())


def take(request: UUID | None = None) -> UUID | None:
    """Take an answered request that nobody works on any more, to finish it: this one, or the one
    that has waited longest."""
    values = {"request": request, "owner": OWNER, "offered": OFFERED, "lease": length()}
    rows = run_prepared(TAKE, values)
    return rows[0][0] if rows else None
