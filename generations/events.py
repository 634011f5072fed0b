"""What changed, to the browsers that watch it.

`changed` notifies inside the caller's transaction, so nobody hears of what was rolled back. Each
web process keeps one listening connection and fans out in memory. A message carries ids only; the
page fetches the fragment through its ordinary address, where permissions are checked.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import psycopg
import structlog
from django.db import connections

from config.sql import run_prepared

CHANNEL = "darkroom_requests"
RECONNECT_SECONDS = 2
# A browser that reads this slowly fetches the fragments by polling instead.
QUEUE_LENGTH = 256

log = structlog.get_logger(__name__)

# What a page hears that shows a wall, when there may be new images on it.
ARRIVED = "images"

# Of a request's row, for a statement that changes it.
NOTIFY = f"""pg_notify('{CHANNEL}', json_build_object(
    'request', id, 'user', user_id, 'team', team_id,
    'done', status = 'succeeded', 'shared', visibility = 'team')::text)"""
CHANGED = f"SELECT {NOTIFY} FROM generations_generationrequest WHERE id = %(id)s"  # noqa: S608  # ours


def changed(request: UUID) -> None:
    """Tell whoever watches this request that it changed, once the transaction commits."""
    run_prepared(CHANGED, {"id": request})


class Hub:
    """One listening connection a process, and the queues of the browsers it serves."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self._walls: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    @asynccontextmanager
    async def subscription(
        self, user_id: UUID, *, walls: Collection[UUID] = ()
    ) -> AsyncIterator[asyncio.Queue[str]]:
        """Ids of this person's requests as they change, while the block lasts; and ARRIVED when
        there may be new images on the walls of these teams."""
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_LENGTH)
        self._queues[str(user_id)].add(queue)
        for team in walls:
            self._walls[str(team)].add(queue)
        if self._listener is None or self._listener.done():
            self._listening = asyncio.Event()
            self._listener = asyncio.create_task(self._listen())
        try:
            # What changes before the connection listens would be heard by nobody.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._listening.wait(), RECONNECT_SECONDS)
            yield queue
        finally:
            self._queues[str(user_id)].discard(queue)
            if not self._queues[str(user_id)]:
                del self._queues[str(user_id)]
            for team in walls:
                self._walls[str(team)].discard(queue)
                if not self._walls[str(team)]:
                    del self._walls[str(team)]

    async def _listen(self) -> None:
        while self._queues:
            try:
                await self._relay()
            except psycopg.OperationalError as error:
                log.warning("events_reconnect", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _relay(self) -> None:
        async with await psycopg.AsyncConnection.connect(
            **_connection_parameters(), autocommit=True
        ) as listening:
            await listening.execute(f"LISTEN {CHANNEL}")
            self._listening.set()
            async for notice in listening.notifies():
                self._deliver(notice.payload)

    def _deliver(self, payload: str) -> None:
        message = json.loads(payload)
        theirs = self._queues.get(message["user"], set())
        _put(theirs, message["request"])
        if message["done"]:
            walls = self._walls.get(message["team"], set())
            _put(walls if message["shared"] else walls & theirs, ARRIVED)


def _put(queues: Iterable[asyncio.Queue[str]], word: str) -> None:
    for queue in queues:
        if not queue.full():
            queue.put_nowait(word)


def _connection_parameters() -> dict[str, Any]:
    parameters = connections["default"].get_connection_params()
    # The words of the address, such as host and sslmode; not Django's own objects.
    return {name: value for name, value in parameters.items() if isinstance(value, str) and value}


hub = Hub()
