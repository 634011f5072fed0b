"""A call that waits hears of the end, and holds no connection meanwhile."""

import asyncio
import time
from collections.abc import Callable, Coroutine

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from generations import events
from generations.api import waiting
from generations.events import Hub
from generations.models import GenerationRequest
from generations.services import requests
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

LONG = 30.0


@pytest.fixture(autouse=True)
def a_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "hub", Hub())


@pytest.fixture
def request_() -> GenerationRequest:
    return factories.request()


def wait(request: GenerationRequest, *, seconds: float) -> Coroutine[None, None, None]:
    return waiting.until_settled(request.pk, user_id=request.user_id, seconds=seconds)


async def ended_meanwhile(request: GenerationRequest) -> None:
    waits = asyncio.create_task(wait(request, seconds=LONG))
    await asyncio.sleep(0.5)
    await in_thread(lambda: requests.cancel(request=request))
    await asyncio.wait_for(waits, LONG / 3)


async def in_thread(call: Callable[[], object]) -> None:
    def closing() -> None:
        try:
            call()
        finally:
            connection.close()

    await sync_to_async(closing, thread_sensitive=False)()


def test_it_hears_of_the_end(request_: GenerationRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", LONG)
    asyncio.run(ended_meanwhile(request_))


def test_what_it_does_not_hear_it_finds_by_looking(
    request_: GenerationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off() -> None:
        raise psycopg.OperationalError

    monkeypatch.setattr(events, "_connection_parameters", cut_off)
    monkeypatch.setattr(events, "RECONNECT_SECONDS", 0.1)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.2)
    asyncio.run(ended_meanwhile(request_))


def test_it_gives_up_in_time(request_: GenerationRequest) -> None:
    began = time.monotonic()
    asyncio.run(wait(request_, seconds=0.5))
    assert 0.5 <= time.monotonic() - began < LONG


def test_it_does_not_wait_for_somebody_who_approves(request_: GenerationRequest) -> None:
    team = request_.team
    team.approval_above = 0
    team.save()
    waits = factories.request(of=team, by=factories.member(team))

    asyncio.run(asyncio.wait_for(wait(waits, seconds=LONG), LONG / 3))
