"""Which moves a request may make. Every change of status goes through `move`."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from generations import events
from generations.models import TERMINAL, GenerationRequest, Status

MOVES: Mapping[Status, frozenset[Status]] = {
    Status.AWAITING_APPROVAL: frozenset({Status.QUEUED, Status.CANCELLED}),
    Status.QUEUED: frozenset({Status.SENDING, Status.CANCELLED, Status.FAILED}),
    Status.SENDING: frozenset(
        {Status.ANSWERED, Status.SUBMITTED, Status.QUEUED, Status.FAILED, Status.UNCONFIRMED}
    ),
    Status.SUBMITTED: frozenset({Status.ANSWERED, Status.FAILED, Status.CANCELLED}),
    Status.UNCONFIRMED: frozenset({Status.ANSWERED, Status.QUEUED, Status.FAILED}),
    Status.ANSWERED: frozenset({Status.SUCCEEDED, Status.FAILED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}


def move(
    request: UUID, *, leave: Iterable[Status], to: Status, fence: int | None = None, **changes: Any
) -> bool:
    """Change the status if the row is still where the caller believes it; say whether it was.

    Call it in one transaction with what belongs to the change: watchers are told at commit.
    """
    leaving = frozenset(leave)
    if not all(to in MOVES[status] for status in leaving):
        raise ValueError(f"{', '.join(leaving)} → {to} is not a move")
    rows = GenerationRequest.objects.filter(pk=request, status__in=leaving)
    if fence is not None:
        rows = rows.filter(fence=fence)
    if to in TERMINAL:
        changes["finished_at"] = Now()
    if rows.update(status=to, **changes) != 1:
        return False
    events.changed(request)
    return True
