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
from django.db.models import Q
from django.db.models.functions import Now

from generations.models import GenerationRequest, Status

# A new process is a new owner, even with the process id of one that died.
OWNER = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"[:80]
# In the place of an owner: a message about it is under way.
OFFERED = "the next that is free"

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


def take(request: UUID) -> bool:
    """Take an answered request that nobody works on any more, to finish it."""
    free = GenerationRequest.objects.filter(
        Q(due_at__lte=Now()) | Q(lease_owner=OFFERED),
        pk=request,
        status=Status.ANSWERED,
        lease_until__lt=Now(),
    )
    return free.update(lease_owner=OWNER, lease_until=until(), due_at=Now()) == 1
