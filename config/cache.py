"""Redis for all processes together, and each one's own memory while Redis is away.

Sign-in counts its tries in the cache: it must neither hang nor fail nor stop counting meanwhile.
"""

import time
from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

# How long it is then not asked: a page may look into the cache a dozen times.
LEFT_ALONE = 5.0  # seconds
PATIENCE = {"socket_timeout": 1, "socket_connect_timeout": 1}

log = structlog.get_logger(__name__)
_asked_again_at = float("-inf")


class SharedCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {"OPTIONS": PATIENCE, **params})
        self._own = LocMemCache("while-redis-is-away", {})

    def add(self, *what: Any, **how: Any) -> Any:
        return self._try("add", *what, **how)

    def get(self, *what: Any, **how: Any) -> Any:
        return self._try("get", *what, **how)

    def set(self, *what: Any, **how: Any) -> Any:
        return self._try("set", *what, **how)

    def delete(self, *what: Any, **how: Any) -> Any:
        return self._try("delete", *what, **how)

    def _try(self, name: str, *what: Any, **how: Any) -> Any:
        global _asked_again_at  # noqa: PLW0603 - of the process: Django makes a cache for each thread
        if time.monotonic() >= _asked_again_at:
            try:
                return getattr(super(), name)(*what, **how)
            except RedisError as error:
                _asked_again_at = time.monotonic() + LEFT_ALONE
                log.warning("cache_away", error=type(error).__name__)
        return getattr(self._own, name)(*what, **how)
