"""No room to keep pictures: nothing new is paid for, and it goes on by itself."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import InternalError, connection
from django.db.models.functions import Now
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from generations import batches, why
from generations.models import Circuit, GenerationRequest, Status
from generations.services import claiming, execution, space
from tests import factories
from tests.generations.services.provider import Provider
from tests.generations.services.steps import ask, run
from tests.generations.views.studio import browser

pytestmark = pytest.mark.django_db

WORDS = (
    "there is no room to keep pictures; nothing was charged, it goes on once there is, "
    "the operator was told"
)


@pytest.fixture(autouse=True)
def _nobody_was_told_yet() -> None:
    cache.clear()


@pytest.fixture
def full(settings: Settings) -> None:
    """More has to be free than any disk has."""
    settings.LOW_DISK_BYTES = 2**62


def waits_for_store(count: int, code: str = "storage") -> None:
    for _ in range(count):
        asked = factories.answered().request
        GenerationRequest.objects.filter(pk=asked.pk).update(error_code=code)


def test_a_machine_with_room_sends_what_is_asked_for() -> None:
    factories.request()
    space.watch()
    assert claiming.claim()


def test_nothing_is_sent_while_the_disk_is_nearly_full_and_then_it_goes_on(
    full: None, settings: Settings
) -> None:
    factories.request(), factories.request(model="fal-ai/flux-realism")
    space.watch()
    assert claiming.claim() is None
    settings.LOW_DISK_BYTES = 1
    space.watch()
    assert claiming.claim()
    assert claiming.claim()


@pytest.mark.parametrize("page", ["request", "request-story", "receipt"])
def test_who_waits_reads_why_on_each_page_of_it(full: None, page: str) -> None:
    waiting = factories.request()
    space.watch()
    shown = browser(waiting.user).get(reverse(page, args=[waiting.pk])).text
    assert f"Paused: {WORDS}" in shown


def test_who_waits_reads_why(full: None) -> None:
    waiting = factories.request()
    space.watch()
    (batch,) = batches.present([waiting])
    assert batch.stage == f"Paused: {WORDS}"
    circuit = Circuit.objects.get()
    assert why.explain(waiting, circuit).because == f"Nothing is sent to anybody: {WORDS}."


def test_a_store_that_takes_nothing_is_not_told_as_a_full_disk(settings: Settings) -> None:
    settings.STORAGE_BACKLOG_LIMIT = 0
    waits_for_store(1)
    waiting = factories.request()
    space.watch()
    (batch,) = batches.present([waiting])
    assert batch.stage.startswith("Paused: the store takes no pictures in; nothing was charged")


def test_a_pause_ends_by_itself_where_nobody_looks_any_more(full: None) -> None:
    factories.request()
    space.watch()
    Circuit.objects.update(probe_at=Now())
    assert claiming.claim()


def test_a_pause_outlives_a_look_that_is_late(full: None, settings: Settings) -> None:
    space.watch()
    pause = Circuit.objects.annotate(now=Now()).get()
    assert pause.probe_at - pause.now > timedelta(seconds=2 * settings.SWEEP_SECONDS)


def test_staff_are_told_once_an_hour(
    full: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    staff, _ = factories.user(), factories.user()
    staff.is_staff = True
    staff.save()
    with django_capture_on_commit_callbacks(execute=True):
        space.watch()
        space.watch()
    (message,) = mail.outbox
    assert message.to == [staff.email]
    assert "LOW_DISK_BYTES" in message.body


def test_too_many_pictures_that_wait_for_the_store_pause_everything(settings: Settings) -> None:
    settings.STORAGE_BACKLOG_LIMIT = 2
    waits_for_store(2)
    assert space.missing() == ""
    waits_for_store(1)
    assert space.missing() == space.BACKLOG
    GenerationRequest.objects.filter(status=Status.ANSWERED).update(error_code="")
    assert space.missing() == ""


def test_what_waits_for_the_provider_or_broke_on_our_side_is_no_matter_of_room(
    settings: Settings,
) -> None:
    settings.STORAGE_BACKLOG_LIMIT = 1
    waits_for_store(2, code="download")
    waits_for_store(2, code="fault")
    assert space.missing() == ""


def test_a_folder_that_is_not_made_yet_is_on_its_parents_disk(
    settings: Settings, tmp_path: Path
) -> None:
    settings.KEPT_IN = [tmp_path / "media"]
    assert space.missing() == ""
    settings.LOW_DISK_BYTES = 2**62
    assert space.missing() == space.DISK


def test_where_nothing_is_kept_no_disk_is_looked_at(full: None, settings: Settings) -> None:
    settings.KEPT_IN = []
    assert space.missing() == ""


def test_nothing_is_sent_where_the_claim_cannot_be_written_down(provider: Provider) -> None:
    request = ask()
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        with pytest.raises(InternalError):
            execution.run_next()
        cursor.execute("SET default_transaction_read_only = off")
    assert provider.calls() == []
    assert run(request).status == Status.SUCCEEDED
