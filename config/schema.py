"""The database schema, brought up to this version by one process at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper

LOCK = 0x6461726B726F6F6D  # "darkroom"; a name that every version agrees on
ASK_AGAIN_SECONDS = 0.5


def migrate() -> None:
    """Run the migrations that are missing, after whoever else is at it."""
    with _alone():
        call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        # Asked again and again: a query that waits inside PostgreSQL would hold up an index that is
        # built concurrently, which waits for every open query to end.
        while not _ask(cursor, "SELECT pg_try_advisory_lock(%s)"):
            time.sleep(ASK_AGAIN_SECONDS)
        try:
            yield
        finally:
            _ask(cursor, "SELECT pg_advisory_unlock(%s)")


def _ask(cursor: CursorWrapper, question: str) -> bool:
    cursor.execute(question, [LOCK])
    return bool(cursor.fetchone()[0])
