import threading

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from config import database, schema


def _migrate() -> None:
    schema.migrate()
    connection.close()


def test_one_process_at_a_time_brings_the_schema_up_to_date(
    other_session: psycopg.Connection,
) -> None:
    other_session.execute("SELECT pg_advisory_lock(%s)", [schema.LOCK])
    second = threading.Thread(target=_migrate)
    second.start()
    second.join(3 * schema.ASK_AGAIN_SECONDS)
    assert second.is_alive()
    other_session.execute("SELECT pg_advisory_unlock(%s)", [schema.LOCK])
    second.join(30)
    assert not second.is_alive()


def test_the_lock_is_given_back(other_session: psycopg.Connection) -> None:
    schema.migrate()
    row = other_session.execute("SELECT pg_try_advisory_lock(%s)", [schema.LOCK]).fetchone()
    assert row == (True,)


@pytest.mark.django_db(transaction=True)
def test_a_change_of_the_schema_waits_for_its_turn_as_long_as_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", database.limits(7))
    assert _limits() == ["7s", "21s"]
    call_command("migrate", verbosity=0)
    assert _limits() == ["0", "0"]
    connection.close()


def _limits() -> list[str]:
    names = ("lock_timeout", "idle_in_transaction_session_timeout")
    with connection.cursor() as cursor:
        return [cursor.execute(f"SHOW {name}").fetchone()[0] for name in names]
