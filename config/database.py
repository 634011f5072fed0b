"""How Django is told to reach the database, and how long it waits for others there."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def connection(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or options.pop("host", ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def limits(seconds: int) -> str:
    """Have a session wait so long for a lock, and hold its own at most thrice as long in its sleep.

    A process that froze, or whose machine is gone, then stops no other for longer.
    """
    patience = {
        "lock_timeout": f"{seconds}s",
        "idle_in_transaction_session_timeout": f"{3 * seconds}s",
        "tcp_keepalives_idle": "30",
    }
    return " ".join(f"-c {name}={value}" for name, value in patience.items())
