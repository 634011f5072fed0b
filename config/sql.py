"""Statements of the hot paths, in SQL."""

from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections


def run_prepared(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement of a hot path, which the server keeps planned.

    To plan one takes longer than to run it, and Django's own cursors have it planned every time.
    """
    database = connections[DEFAULT_DB_ALIAS]
    database.ensure_connection()
    database.validate_no_broken_transaction()
    with database.wrap_database_errors, psycopg.Cursor(database.connection) as cursor:
        return cursor.execute(statement, values).fetchall()
