"""The stream that tells a page which requests changed."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from generations.events import hub
from generations.models import TERMINAL, GenerationRequest

PING_SECONDS = 15


@require_GET
async def events(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Server-sent events: `request-<id>` when that request of this person changed."""
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=403)
    stream = StreamingHttpResponse(_stream(UUID(str(user.pk))), content_type="text/event-stream")
    stream["Cache-Control"] = "no-cache"
    stream["X-Accel-Buffering"] = "no"
    return stream


async def _stream(user_id: UUID) -> AsyncIterator[bytes]:
    async with hub.subscription(user_id) as queue:
        # What changed before the stream was open would be missed: first say what is open now.
        yield b": connected\n\n"
        for request_id in await sync_to_async(_open_requests)(user_id):
            yield _message(request_id)
        while True:
            try:
                yield _message(await asyncio.wait_for(queue.get(), PING_SECONDS))
            except TimeoutError:
                yield b": ping\n\n"


def _open_requests(user_id: UUID) -> list[str]:
    open_now = GenerationRequest.objects.filter(user=user_id).exclude(status__in=TERMINAL)
    try:
        return [str(pk) for pk in open_now.values_list("pk", flat=True)]
    finally:
        # A stream lasts for hours: as many tabs as the pool has connections would stop the site.
        connection.close()


def _message(request_id: str) -> bytes:
    return f"event: request-{request_id}\ndata: {request_id}\n\n".encode()
