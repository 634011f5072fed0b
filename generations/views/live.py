"""The stream that tells a page which requests changed."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from accounts.models import Membership
from generations.events import ARRIVED, hub
from generations.models import TERMINAL, GenerationRequest

PING_SECONDS = 15


@require_GET
async def events(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Server-sent events: `request-<id>` when that request of this person changed, `images` when
    there may be new ones on a wall of their teams."""
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=403)
    stream = StreamingHttpResponse(_stream(UUID(str(user.pk))), content_type="text/event-stream")
    stream["Cache-Control"] = "no-cache"
    stream["X-Accel-Buffering"] = "no"
    return stream


async def _stream(user_id: UUID) -> AsyncIterator[bytes]:
    walls = await sync_to_async(_teams)(user_id)
    async with hub.subscription(user_id, walls=walls) as queue:
        # What changed before the stream was open would be missed: first say what is open now.
        yield b": connected\n\n"
        for request_id in await sync_to_async(_open_requests)(user_id):
            yield _message(request_id)
        while True:
            try:
                yield _message(await asyncio.wait_for(queue.get(), PING_SECONDS))
            except TimeoutError:
                yield b": ping\n\n"


def _teams(user_id: UUID) -> list[UUID]:
    try:
        return list(Membership.objects.filter(user=user_id).values_list("team", flat=True))
    finally:
        connection.close()


def _open_requests(user_id: UUID) -> list[str]:
    open_now = GenerationRequest.objects.filter(user=user_id).exclude(status__in=TERMINAL)
    try:
        return [str(pk) for pk in open_now.values_list("pk", flat=True)]
    finally:
        # A stream lasts for hours: as many tabs as the pool has connections would stop the site.
        connection.close()


def _message(word: str) -> bytes:
    name = word if word == ARRIVED else f"request-{word}"
    return f"event: {name}\ndata: {word}\n\n".encode()
