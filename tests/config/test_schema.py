import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from config import schema


@pytest.fixture
def other_session(transactional_db: None) -> Iterator[psycopg.Connection]:
    """A second session in the test's database, as another container would have."""
    parameters = connection.get_connection_params()
    kept = {name: parameters[name] for name in ("dbname", "host", "user")}
    with psycopg.connect(**kept, autocommit=True) as session:
        yield session


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
