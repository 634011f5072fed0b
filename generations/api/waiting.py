"""Waiting for a request to end, without a database connection in hand."""

import asyncio
from contextlib import suppress
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection

from generations.events import hub
from generations.models import TERMINAL, GenerationRequest, Status

# Somebody who approves may take days.
NOT_WAITED_FOR = TERMINAL | {Status.AWAITING_APPROVAL}
# What was not heard of is looked for: a listener may be cut off from the database for a while.
LOOK_SECONDS = 2.0


async def until_settled(request_id: UUID, *, user_id: UUID, seconds: float) -> None:
    """Return when the request has ended, or after so many seconds."""
    if seconds <= 0 or await _is_settled(request_id):
        return
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + seconds
    async with hub.subscription(user_id) as changed:
        while not await _is_settled(request_id):
            left = give_up_at - loop.time()
            if left <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(_heard_of(request_id, changed), min(left, LOOK_SECONDS))


async def _heard_of(request_id: UUID, changed: asyncio.Queue[str]) -> None:
    while await changed.get() != str(request_id):
        pass


@sync_to_async
def _is_settled(request_id: UUID) -> bool:
    try:
        return GenerationRequest.objects.filter(pk=request_id, status__in=NOT_WAITED_FOR).exists()
    finally:
        # A call waits for a minute: as many as the pool has connections would stop the site.
        connection.close()
