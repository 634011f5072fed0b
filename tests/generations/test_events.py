"""Changes reach who watches, through a real PostgreSQL and no other store."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from generations import events
from generations.events import QUEUE_LENGTH, Hub
from generations.models import GenerationRequest
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 5
LISTENERS = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"

Queue = asyncio.Queue[str]


def in_a_loop(test: Callable[..., Coroutine[None, None, None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


@pytest.fixture
def request_() -> GenerationRequest:
    return factories.request()


@asynccontextmanager
async def watching(hub: Hub, *users: UUID) -> AsyncIterator[list[Queue]]:
    """The queues of these people's pages, once the hub listens; the hub ends with them."""
    pages = [hub.subscription(user) for user in users]
    queues = [await page.__aenter__() for page in pages]
    await listening()
    yield queues
    for page in pages:
        await page.__aexit__(None, None, None)
    if hub._listener:
        hub._listener.cancel()


async def listening() -> None:
    while not await in_thread(lambda: query(f"SELECT count(*) {LISTENERS}")):
        await asyncio.sleep(0.02)


async def in_thread(call: Callable[[], Any]) -> Any:
    def closing() -> Any:
        try:
            return call()
        finally:
            connection.close()

    return await sync_to_async(closing, thread_sensitive=False)()


def query(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


async def heard(queue: Queue) -> str:
    return await asyncio.wait_for(queue.get(), PATIENCE)


@in_a_loop
async def test_who_asked_hears_in_every_tab_and_others_hear_nothing(
    request_: GenerationRequest,
) -> None:
    other = await in_thread(factories.user)
    async with watching(Hub(), request_.user_id, request_.user_id, other.pk) as queues:
        await in_thread(lambda: events.changed(request_.pk))
        assert [await heard(queue) for queue in queues[:2]] == [str(request_.pk)] * 2
        assert queues[2].empty()


@in_a_loop
async def test_what_is_rolled_back_is_never_heard(request_: GenerationRequest) -> None:
    second = await in_thread(lambda: factories.request(of=request_.team, by=request_.user))

    def change_one_for_nothing() -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            events.changed(request_.pk)
            raise RuntimeError
        events.changed(second.pk)

    async with watching(Hub(), request_.user_id) as (queue,):
        await in_thread(change_one_for_nothing)
        assert await heard(queue) == str(second.pk)


@in_a_loop
async def test_a_listener_whose_connection_breaks_listens_again(
    request_: GenerationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "RECONNECT_SECONDS", 0.05)
    async with watching(Hub(), request_.user_id) as (queue,):
        broken = f"SELECT count(pg_terminate_backend(pid)) {LISTENERS}"
        assert await in_thread(lambda: query(broken)) == 1
        await asyncio.sleep(0.2)
        await listening()
        await in_thread(lambda: events.changed(request_.pk))
        assert await heard(queue) == str(request_.pk)


@in_a_loop
async def test_a_process_keeps_one_listening_connection(request_: GenerationRequest) -> None:
    other = await in_thread(factories.user)
    async with watching(Hub(), request_.user_id, other.pk, request_.user_id):
        assert await in_thread(lambda: query(f"SELECT count(*) {LISTENERS}")) == 1


@in_a_loop
async def test_a_page_that_reads_too_slowly_misses_messages_and_stops_nobody(
    request_: GenerationRequest,
) -> None:
    def change_often() -> None:
        for _ in range(QUEUE_LENGTH + 10):
            events.changed(request_.pk)

    async with watching(Hub(), request_.user_id, request_.user_id) as (slow, quick):
        reading = asyncio.create_task(read(quick, QUEUE_LENGTH + 10))
        await in_thread(change_often)
        assert await asyncio.wait_for(reading, PATIENCE) == QUEUE_LENGTH + 10
        assert slow.full()


async def read(queue: Queue, count: int) -> int:
    for _ in range(count):
        await queue.get()
    return count


def test_a_change_of_nothing_is_told_to_nobody() -> None:
    events.changed(UUID(int=0))
