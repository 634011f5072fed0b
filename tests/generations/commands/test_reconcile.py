import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User
from generations.services import providers
from tests import factories
from tests.generations.sandbox.running import RunningSandbox, sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with sandbox() as one:
        yield one


@pytest.fixture(autouse=True)
def _connected(running: RunningSandbox, settings: Settings) -> Iterator[None]:
    running.take_new_key()
    settings.AIMLAPI_KEY = running.key
    settings.AIMLAPI_BASE_URL = running.url
    settings.FAL_ADMIN_KEY = ""
    settings.PROVIDER_LOG_LAG = 0
    providers.client.cache_clear()
    yield
    providers.client.cache_clear()


def reconcile(capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> dict[str, Any]:
    """What it printed, having ended as it should."""
    try:
        call_command("reconcile", *options)
        ended = 0
    except SystemExit as end:
        ended = int(str(end.code))
    assert ended == code
    printed = capsys.readouterr()
    assert "Comparing" in printed.err
    (line,) = printed.out.splitlines()
    report: dict[str, Any] = json.loads(line)
    return report


def test_books_that_agree_are_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = reconcile(capsys)
    assert report["providers"] == ["aimlapi"]
    assert report["until"] == str(datetime.now(UTC).date())
    assert (report["open_cases"], report["failed"]) == (0, [])


def test_an_open_case_is_an_exit_code(
    running: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    running.generate("flux/dev")
    report = reconcile(capsys, "--provider", "aimlapi", code=1)
    assert (report["theirs_only"], report["open_cases"]) == (1, 1)
    assert (report["ours_nano_usd"], report["theirs_nano_usd"]) == (0, 33_000_000)
    assert report["transactions_nano_usd"] == 33_000_000


def test_a_mail_without_a_server_is_not_printed_beside_the_line(
    running: RunningSandbox, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    factories.user("operator@example.com")
    User.objects.update(is_staff=True)
    running.generate("flux/dev")
    assert reconcile(capsys, code=1)["open_cases"] == 1


def test_a_log_that_cannot_be_read_is_an_exit_code(
    running: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    running.fault(fault="logs_status", status=503)
    today = str(datetime.now(UTC).date())
    report = reconcile(capsys, "--since", today, code=1)
    assert len(report["failed"]) == 1


def test_days_may_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    factories.succeeded()
    report = reconcile(capsys, "--since", "2026-08-01", "--until", "2026-08-03")
    assert (report["since"], report["until"]) == ("2026-08-01", "2026-08-03")
    assert report["ours_only"] == 0


def test_days_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(CommandError, match="before"):
        call_command("reconcile", "--since", "2026-08-03", "--until", "2026-08-01")
