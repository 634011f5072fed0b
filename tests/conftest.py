"""The real PostgreSQL under every test: one server a run, one database a worker.

The environment is set before Django's settings are read, so this part runs at import.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest import mock

import django
import psycopg
import pytest
from django.core.management import call_command
from django.core.management.commands import flush
from django.db import connection
from psycopg.sql import SQL, Identifier
from pytest_django import Settings

from config import embedded

# Workers of one run inherit the folder of the process that started them.
OWNS_RUN = "DARKROOM_TEST_RUN" not in os.environ
if OWNS_RUN:
    os.environ["DARKROOM_TEST_RUN"] = tempfile.mkdtemp(prefix="darkroom-test-")
RUN = Path(os.environ["DARKROOM_TEST_RUN"])

for name in (
    "DATABASE_URL",
    "REDIS_URL",
    "S3_BUCKET",
    "AIMLAPI_KEY",
    "FAL_KEY",
    "AIMLAPI_BASE_URL",
):
    os.environ.pop(name, None)
os.environ |= {
    "DARKROOM_DATA": str(RUN),
    "ENV_FILE": os.devnull,  # A developer's .env may hold a real key.
    "SECRET_KEY": "only for tests",
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright keeps a loop running in the thread.
    "DATABASE_POOL": "false",  # Pytest-django drops databases that a pool would hold open.
    "LOG_LEVEL": "ERROR",
}

_database = contextlib.ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if OWNS_RUN:
        # Not in pytest's usual folder, which the next run beside this one closes to the database.
        config.option.basetemp = str(RUN / "tmp")
    _database.enter_context(embedded.running(RUN))
    django.setup()
    if OWNS_RUN:
        _let_a_crash_lose_it()
    _database.enter_context(mock.patch.object(type(connection.ops), "sql_flush", _delete_rows))
    _database.enter_context(mock.patch.object(flush, "emit_post_migrate_signal"))
    if OWNS_RUN:
        # The real manifest, so that a page that names a missing file fails here too.
        call_command("collectstatic", interactive=False, verbosity=0)


def pytest_unconfigure() -> None:
    _database.close()
    if OWNS_RUN:
        shutil.rmtree(RUN, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright leaves an event loop running in the thread of its process."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def _let_a_crash_lose_it() -> None:
    """This server's data ends with the run. Tests of crashes have servers of their own."""
    with psycopg.connect(embedded.url(RUN), autocommit=True) as server:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            server.execute(SQL("ALTER SYSTEM SET {} = off").format(Identifier(name)))
        server.execute("SELECT pg_reload_conf()")


def _delete_rows(_: object, style: object, tables: Iterable[str], **__: bool) -> list[str]:
    """How tables are emptied between tests, triggers or not, but for the rows that migrations made.

    Django would TRUNCATE them all and make those rows again, which takes longer than most tests.
    """
    made = {
        "auth_permission": "false",
        "django_content_type": "false",
        "accounts_creditaccount": "team_id IS NOT NULL",
        "generations_priceversion": "origin <> 'catalog'",
    }
    deletions = [f'DELETE FROM "{name}" WHERE {made.get(name, "true")}' for name in tables]  # noqa: S608 - Django's names
    return ["SET LOCAL session_replication_role = replica", *deletions]


@pytest.fixture(autouse=True)
def _quick_and_alone(settings: Settings, tmp_path: Path) -> None:
    """Fast passwords, and no files or answers of another test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "media"
    # It reads every static file at a client's first request; running instances have it.
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "ServeStatic" not in one]
    # A conftest is read before Django is set up.
    from generations.services import gates  # noqa: PLC0415

    # Kept for a second: what a test asks the database for must not depend on the one before.
    gates._slowed.forget()


@pytest.fixture(autouse=True)
def _books_balance(request: pytest.FixtureRequest) -> Iterator[None]:
    """At the end of every test that commits, all of the books' invariants hold.

    Not where the marker `wrong_books` says that a test plants what must not be.
    """
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (
        marker is not None and marker.kwargs.get("transaction")
    )
    if not commits or request.node.get_closest_marker("wrong_books"):
        yield
        return
    # Before the tables are emptied: what is asked for first is torn down last.
    request.getfixturevalue("transactional_db")
    # A conftest is read before Django is set up.
    from generations.services import audit  # noqa: PLC0415

    yield
    assert audit.check_ledger().problems == []


@pytest.fixture
def other_session(transactional_db: None) -> Iterator[psycopg.Connection]:
    """A second session in the test's database, as another container would have."""
    parameters = connection.get_connection_params()
    kept = {name: parameters[name] for name in ("dbname", "host", "user")}
    with psycopg.connect(**kept, autocommit=True) as session:
        yield session
