"""Is the process alive, and can it do its work? For machines: no session, no host check."""

from collections.abc import Callable

import redis
import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import sync_only_middleware

log = structlog.get_logger(__name__)


@sync_only_middleware
class HealthMiddleware:
    """Answers `/healthz` (the process) and `/readyz` (database and broker) for any Host header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            return readiness()
        return self.get_response(request)


def readiness() -> HttpResponse:
    """Ready is what can answer people. Without its broker it shows every page and takes every
    request, which then waits: a proxy that takes it out for that would end what still works."""
    database, broker = _database_answers(), broker_answers()
    status = "ok" if broker else "degraded"
    return JsonResponse(
        {
            "status": status if database else "unavailable",
            "database": database,
            "broker": broker,
        },
        status=200 if database else 503,
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("not_ready", part="database", error=type(error).__name__)
        return False
    return True


def broker_answers() -> bool:
    if not settings.REDIS_URL:
        return bool(settings.BROKER_FOLDER.is_dir())
    broker = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        broker.ping()
    except redis.RedisError as error:
        log.warning("not_ready", part="broker", error=type(error).__name__)
        return False
    finally:
        broker.close()
    return True
