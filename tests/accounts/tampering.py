"""What nobody's code can do to the books, and somebody with the database's password could."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def tamper(statement: str) -> None:
    """Change what the database refuses to change."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(statement)
        finally:
            cursor.execute("RESET session_replication_role")


@contextmanager
def switched_off(table: str, trigger: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
