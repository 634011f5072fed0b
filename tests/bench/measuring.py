"""What benchmarks share: a database of their own, pages timed in the server, a place for figures.

Django's models can be imported only once it knows the database, so that is done inside functions.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

from config import embedded, loaded

RESULTS = Path(__file__).parent / "results"
SERVER = "127.0.0.1"


@contextmanager
def folder() -> Iterator[Path]:
    """A place for one measurement."""
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as name:
        yield Path(name)


@contextmanager
def database(data: Path, **environment: str) -> Iterator[None]:
    """An empty, migrated Darkroom of this process alone."""
    os.environ |= {
        "DARKROOM_DATA": str(data),
        "DATABASE_URL": embedded.url(data),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "only to measure",
        **environment,
    }
    with embedded.running(data):
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        yield


@contextmanager
def site() -> Iterator[None]:
    """The same with what pages need beside it."""
    with folder() as data, database(data, LOG_LEVEL="ERROR"):
        from django.core.management import call_command  # noqa: PLC0415

        call_command("collectstatic", interactive=False, verbosity=0)
        loaded.keep()  # as the web process does

        yield


def publish(name: str, figures: Mapping[str, Any], rows: Mapping[str, Any] | None = None) -> None:
    """Keep the figures, and print them (or those of them that make the table) a line each."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
    for title, value in (rows or figures).items():
        for line in value if isinstance(value, list) else [value]:
            print(f"{title.replace('_', ' '):<40} {json.dumps(line)}")


@dataclass
class Browser:
    """Somebody who is signed in and asks for pages, without a server between."""

    user: Any
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        from django.test import Client  # noqa: PLC0415

        self.client = Client(SERVER_NAME=SERVER)
        self.client.force_login(self.user)

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Any:
        page = self.client.get(address, headers=headers)
        if page.status_code != 200:
            raise SystemExit(f"{address} answered {page.status_code}")
        return page

    def milliseconds(self, address: str, headers: Mapping[str, str] | None = None) -> float:
        began = time.perf_counter()
        self.client.get(address, headers=headers)
        return 1000 * (time.perf_counter() - began)

    def queries(self, address: str, headers: Mapping[str, str] | None = None) -> list[float]:
        """How long each of the page's queries takes, in milliseconds."""
        from django.db import connection  # noqa: PLC0415

        times: list[float] = []

        def note(execute: Any, *rest: Any) -> Any:
            began = time.perf_counter()
            result = execute(*rest)
            times.append(1000 * (time.perf_counter() - began))
            return result

        with connection.execute_wrapper(note):
            self.get(address, headers)
        return times


def p95(times: Sequence[float]) -> float:
    return round(sorted(times)[int(0.95 * (len(times) - 1))], 1)
