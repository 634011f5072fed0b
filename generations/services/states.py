"""Which moves a request may make. Every change of status goes through `move`."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from config.sql import run_prepared
from generations import events
from generations.models import TERMINAL, Status

MOVES: Mapping[Status, frozenset[Status]] = {
    Status.AWAITING_APPROVAL: frozenset({Status.QUEUED, Status.CANCELLED}),
    # Queued to queued: from one provider to another.
    Status.QUEUED: frozenset({Status.QUEUED, Status.SENDING, Status.CANCELLED, Status.FAILED}),
    Status.SENDING: frozenset(
        {Status.ANSWERED, Status.SUBMITTED, Status.QUEUED, Status.FAILED, Status.UNCONFIRMED}
    ),
    Status.SUBMITTED: frozenset({Status.ANSWERED, Status.QUEUED, Status.FAILED, Status.CANCELLED}),
    Status.UNCONFIRMED: frozenset(
        {Status.ANSWERED, Status.SUBMITTED, Status.QUEUED, Status.FAILED}
    ),
    Status.ANSWERED: frozenset({Status.SUCCEEDED, Status.FAILED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}


# Watchers are told in the same statement.
MOVE = """
WITH moved AS (
    UPDATE generations_generationrequest SET {changes}
    WHERE id = %(id)s AND status = ANY(%(leave)s)
      AND (%(at_fence)s::bigint IS NULL OR fence = %(at_fence)s)
    RETURNING id, user_id, team_id, status, visibility
){alongside}
SELECT {notify} FROM moved
"""
NOW = timedelta(0)


def move(
    request: UUID,
    *,
    leave: Iterable[Status],
    to: Status,
    fence: int | None = None,
    alongside: tuple[str, dict[str, Any]] | None = None,
    **changes: Any,
) -> bool:
    """Change the status if the row is still where the caller believes it; say whether it was.

    A time is given as a timedelta from now by the database's clock. `alongside` is one more
    statement that writes, with its values; it sees the row that was moved, if it was, as `moved`.
    Call it in one transaction with what belongs to the change: watchers are told at commit.
    """
    leaving = sorted(Status(status).value for status in leave)
    if not all(to in MOVES[Status(status)] for status in leaving):
        raise ValueError(f"{', '.join(leaving)} → {to} is not a move")
    if to in TERMINAL:
        changes["finished_at"] = NOW
    changes["status"] = to
    more, values = alongside or ("", {})
    statement = MOVE.format(
        changes=", ".join(f"{name} = {_place(name, value)}" for name, value in changes.items()),
        alongside=f", alongside AS ({more})" if more else "",
        notify=events.NOTIFY,
    )
    named = {"id": request, "leave": leaving, "at_fence": fence}
    return bool(run_prepared(statement, values | changes | named))


def _place(name: str, value: object) -> str:
    return f"statement_timestamp() + %({name})s" if isinstance(value, timedelta) else f"%({name})s"
