"""The stream of changes, over the database's own notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection, transaction
from django.test import AsyncClient, Client

from accounts.models import User
from generations import events
from generations.models import GenerationRequest
from generations.services import requests
from generations.views import live
from tests import factories
from tests.generations.views.studio import Studio

pytestmark = pytest.mark.django_db(transaction=True)

LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE query = %s AND state = 'idle'"

Stream = Callable[[], Awaitable[str]]


@asynccontextmanager
async def watching(user: User) -> AsyncIterator[Stream]:
    """What the user's stream says next, from after its greeting on."""
    client = AsyncClient()
    await client.aforce_login(user)
    response: Any = await client.get("/events/")
    parts = aiter(response.streaming_content)

    async def says() -> str:
        part: bytes = await asyncio.wait_for(anext(parts), 10)
        return part.decode()

    assert await says() == ": connected\n\n"
    await _listening()
    try:
        yield says
    finally:
        await parts.aclose()


async def heard(watched: User, act: Callable[[], object], *, messages: int = 1) -> list[str]:
    """The next messages of the user's stream, once `act` was done."""
    async with watching(watched) as says:
        await sync_to_async(act)()
        return [await says() for _ in range(messages)]


async def _listening() -> None:
    """Return once the process listens to the database."""
    for _ in range(200):
        if await sync_to_async(_listeners)():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


def _listeners() -> int:
    with connection.cursor() as cursor:
        cursor.execute(LISTENERS, [f"LISTEN {events.CHANNEL}"])
        [number] = cursor.fetchone() or [0]
    connection.close()  # Whether the stream kept it is what a test asks.
    return int(number)


def message(request: GenerationRequest) -> str:
    return f"event: request-{request.pk}\ndata: {request.pk}\n\n"


def test_a_stream_says_first_what_is_open_now(studio: Studio) -> None:
    done = factories.succeeded(factories.request(of=studio.team, by=studio.author))
    made = [factories.request(of=studio.team, by=studio.author) for _ in range(2)]
    factories.request(of=studio.team, by=studio.colleague)

    async def first_two() -> set[str]:
        async with watching(studio.author) as says:
            return {await says(), await says()}

    said = async_to_sync(first_two)()

    assert said == {message(request) for request in made}
    assert message(done) not in said


def test_a_stream_says_what_changes(studio: Studio) -> None:
    def ask() -> None:
        factories.request(of=studio.team, by=studio.author, prompt="A heron")

    [said] = async_to_sync(heard)(studio.author, ask)

    assert said == message(GenerationRequest.objects.get())


def test_a_stream_says_nothing_of_anybody_elses(studio: Studio) -> None:
    def ask() -> None:
        factories.request(of=studio.team, by=studio.colleague)
        factories.request(of=studio.team, by=studio.author)

    [said] = async_to_sync(heard)(studio.author, ask)

    assert said == message(GenerationRequest.objects.get(user=studio.author))


def test_what_was_rolled_back_is_never_heard_of(studio: Studio) -> None:
    request = factories.succeeded(factories.request(of=studio.team, by=studio.author))

    def change() -> None:
        with transaction.atomic():
            events.changed(request.pk)
            transaction.set_rollback(True)
        factories.request(of=studio.team, by=studio.author)

    [said] = async_to_sync(heard)(studio.author, change)

    assert said != message(request)


def test_every_change_of_a_request_is_said(studio: Studio) -> None:
    def live_and_end() -> None:
        asked = factories.request(of=studio.team, by=studio.author)
        requests.cancel(request=asked)

    said = async_to_sync(heard)(studio.author, live_and_end, messages=2)

    assert said == [message(GenerationRequest.objects.get())] * 2


def test_a_quiet_stream_is_kept_open(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.05)

    assert async_to_sync(heard)(studio.author, lambda: None, messages=2) == [": ping\n\n"] * 2


def test_an_open_stream_keeps_no_connection(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or as many tabs as the pool has connections would stop the site."""
    monkeypatch.setattr(live, "PING_SECONDS", 0.05)

    async def kept() -> bool:
        async with watching(studio.author) as says:
            await says()
            return await sync_to_async(lambda: connection.connection is not None)()

    assert not async_to_sync(kept)()


def test_a_closed_stream_is_forgotten(studio: Studio) -> None:
    async def open_and_close() -> None:
        async with watching(studio.author):
            assert str(studio.author.pk) in events.hub._queues

    async_to_sync(open_and_close)()

    assert not events.hub._queues


def test_a_stream_is_not_for_strangers(client: Client) -> None:
    assert client.get("/events/").status_code == 403


def test_nothing_between_keeps_or_delays_a_stream(studio: Studio) -> None:
    async def headers() -> Any:
        client = AsyncClient()
        await client.aforce_login(studio.author)
        response: Any = await client.get("/events/")
        response.close()
        return response.headers

    found = async_to_sync(headers)()

    assert found["Content-Type"] == "text/event-stream"
    assert found["Cache-Control"] == "no-cache"
    assert found["X-Accel-Buffering"] == "no"


def test_a_stream_is_not_posted_to(client: Client) -> None:
    assert client.post("/events/").status_code == 405
