"""Workers say that they live; where none does, who waits and who operates it is told."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.db.models.functions import Now
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from config import calendar
from generations import batches, enqueue, tasks, why
from generations.models import GenerationRequest, Status, WorkerBeat
from generations.services import beats, circuits, leases, measures
from generations.services.beats import GENERATE, MEDIA, PARTS, SCHEDULE, Standstill
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_looked_yet() -> Iterator[None]:
    beats._still_since.clear()
    yield
    beats._still_since.clear()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Whether messages leave."""
    state = {"answers": True}
    monkeypatch.setattr(enqueue, "_send", lambda *_, **__: state["answers"])
    return state


@pytest.fixture
def operator() -> str:
    staff = factories.user()
    staff.is_staff = True
    staff.save()
    return str(staff.email)


def died(part: str = GENERATE, *, since: timedelta = timedelta(minutes=5)) -> None:
    beats.beat(part)
    WorkerBeat.objects.filter(part=part).update(seen_at=Now() - since)


def heard_nothing_for(minutes: int) -> None:
    WorkerBeat.objects.update(heard_at=Now() - timedelta(minutes=minutes))


def because(part: str = GENERATE) -> str:
    found = beats.standstill(part)
    return found.because if found else ""


def stage(request: GenerationRequest) -> str:
    (shown,) = batches.present([request])
    return shown.stage


def test_a_worker_that_said_so_lately_lives_and_says_what_it_holds() -> None:
    request = factories.request()
    with leases.in_hand(request.pk):
        beats.beat(GENERATE)
    (worker,) = beats.workers()
    assert worker.lives
    assert (worker.said.name, worker.said.held) == (leases.OWNER, 1)
    assert because() == ""


def test_a_worker_that_is_silent_for_a_lease_does_not_live() -> None:
    died(since=leases.length())
    assert because() == beats.NOBODY
    beats.beat(GENERATE)
    assert because() == ""


def test_one_that_lives_is_enough_and_forgets_those_that_died_long_ago() -> None:
    for name, minutes in (("lately", 5), ("long ago", 15)):
        silent = Now() - timedelta(minutes=minutes)
        WorkerBeat.objects.create(name=name, part=GENERATE, seen_at=silent)
    WorkerBeat.objects.create(name="another", part=MEDIA, seen_at=silent)
    beats.beat(GENERATE)
    assert because() == ""
    assert because(MEDIA) == beats.NOBODY
    assert set(WorkerBeat.objects.values_list("name", flat=True)) == {
        "lately", "another", leases.OWNER,
    }  # fmt: skip


def test_workers_that_can_send_nothing_are_cut_off_until_they_can(
    broker: dict[str, bool],
) -> None:
    beats.beat(GENERATE)
    broker["answers"] = False
    beats.call_out(GENERATE)
    since = WorkerBeat.objects.get().cut_off_at
    beats.call_out(GENERATE)
    assert beats.standstill(GENERATE) == Standstill(GENERATE, beats.CUT_OFF, since)
    broker["answers"] = True
    beats.call_out(GENERATE)
    assert because() == ""


def test_an_idle_worker_that_no_message_comes_to_is_deaf() -> None:
    beats.beat(GENERATE)
    heard_nothing_for(2)
    assert because() == beats.DEAF
    beats.hear()
    assert because() == ""


def test_a_worker_with_its_hands_full_is_not_deaf() -> None:
    with leases.in_hand(factories.request().pk):
        beats.beat(GENERATE)
    heard_nothing_for(2)
    assert because() == ""


@pytest.mark.parametrize(
    "status",
    [Status.QUEUED, Status.SENDING, Status.ANSWERED, Status.SUBMITTED, Status.UNCONFIRMED],
)
def test_who_waits_reads_that_no_worker_runs(status: Status) -> None:
    request = factories.request()
    GenerationRequest.objects.update(status=status, lease_until=Now())
    request.refresh_from_db()
    died()
    assert stage(request) == "Paused: no worker is running"
    WorkerBeat.objects.update(told_at=Now())
    assert stage(request) == "Paused: no worker is running, the operator was told"
    beats.beat(GENERATE)
    assert "Paused" not in stage(request)


def test_what_is_in_hand_goes_on_without_a_broker(broker: dict[str, bool]) -> None:
    sending = factories.sent().request
    queued = factories.request()
    sending.refresh_from_db()
    beats.beat(GENERATE)
    broker["answers"] = False
    beats.call_out(GENERATE)
    assert stage(sending) == "Rendering"
    assert stage(queued) == "Paused: the workers cannot be reached"


def test_a_disk_too_full_for_messages_is_told_as_a_full_disk(broker: dict[str, bool]) -> None:
    beats.beat(GENERATE)
    broker["answers"] = False
    beats.call_out(GENERATE)
    circuits.pause_everything(because="disk", lasts=timedelta(seconds=9))
    assert stage(factories.request()).startswith("Paused: there is no room")


def test_a_death_of_who_makes_renditions_pauses_no_request() -> None:
    beats.beat(GENERATE)
    died(MEDIA)
    assert stage(factories.request()) == "Queued"


def test_an_operator_reads_why_nothing_happens() -> None:
    request = factories.request()
    died()
    told = why.explain(request, standstill=beats.standstill(GENERATE))
    assert told.because == "Nobody works on it: no worker is running."


def look_after(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    at = time.monotonic() + seconds
    with monkeypatch.context() as later:
        later.setattr(time, "monotonic", lambda: at)
        beats.watch()


def test_staff_are_told_once_within_90_seconds_of_a_death_and_again_at_the_next(
    operator: str,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    assert settings.LEASE_SECONDS * (1 + beats.TOLD_AFTER) <= 90
    for again in range(2):
        died()
        with django_capture_on_commit_callbacks(execute=True):
            look_after(1000 * again, monkeypatch)
        assert len(mail.outbox) == again
        with django_capture_on_commit_callbacks(execute=True):
            look_after(1000 * again + 61, monkeypatch)
            look_after(1000 * again + 70, monkeypatch)
        assert len(mail.outbox) == again + 1
        beats.beat(GENERATE)
        beats.watch()
    message = mail.outbox[0]
    assert message.to == [operator]
    assert message.subject == "Darkroom's generate part stands still: no worker is running"
    assert "nothing is paid twice" in message.body


def test_an_outage_of_the_database_is_no_death(monkeypatch: pytest.MonkeyPatch) -> None:
    """All words are old when it is back, for a moment."""
    beats.beat(GENERATE)
    beats.watch()
    died()
    look_after(500, monkeypatch)
    assert mail.outbox == []
    assert not WorkerBeat.objects.filter(told_at__isnull=False).exists()


def test_a_schedule_that_falls_silent_is_noticed_while_other_messages_come() -> None:
    beats.beat(GENERATE)
    beats.hear_schedule()
    assert because(SCHEDULE) == ""
    long_ago = Now() - beats.SILENT_AFTER - timedelta(seconds=1)
    WorkerBeat.objects.filter(part=SCHEDULE).update(seen_at=long_ago)
    assert because(SCHEDULE) == beats.NO_SCHEDULE
    heard_nothing_for(6)  # They all wait in one queue, or none gets through.
    assert because(SCHEDULE) == ""
    beats.hear()
    assert because(SCHEDULE) == beats.NO_SCHEDULE
    died()
    assert (because(GENERATE), because(SCHEDULE)) == (beats.NOBODY, "")
    beats.beat(GENERATE)
    beats.hear_schedule()
    assert because(SCHEDULE) == ""


def test_a_schedule_that_never_ran_is_missed_once_the_workers_ran_for_a_while() -> None:
    beats.beat(GENERATE)
    assert because(SCHEDULE) == ""
    WorkerBeat.objects.update(began_at=Now() - timedelta(minutes=6))
    assert because(SCHEDULE) == beats.NO_SCHEDULE


def test_staff_are_told_once_that_nothing_is_begun_at_its_hour(
    operator: str,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for part in PARTS:
        beats.beat(part)
    beats.hear_schedule()
    WorkerBeat.objects.filter(part=SCHEDULE).update(seen_at=Now() - timedelta(hours=1))
    with django_capture_on_commit_callbacks(execute=True):
        for seconds in (0, 61, 70):
            beats.beat(GENERATE)
            look_after(seconds, monkeypatch)
    (message,) = mail.outbox
    assert message.to == [operator]
    assert message.subject == "Darkroom's beat part stands still: nothing is begun at its hour"
    assert 'Start the part "beat"' in message.body
    assert 'darkroom_standstill{because="no_schedule",part="beat"} 1.0' in told()
    assert 'darkroom_workers{part="beat"} 0.0' in told()
    beats.hear_schedule()
    beats.watch()
    assert 'darkroom_workers{part="beat"} 1.0' in told()
    assert not WorkerBeat.objects.filter(told_at__isnull=False).exists()


def test_the_schedule_is_heard_of_often_enough() -> None:
    (every,) = (
        one["schedule"]
        for one in calendar.SCHEDULE.values()
        if one["task"] == enqueue.HEAR_SCHEDULE
    )
    assert every * 5 <= beats.SILENT_AFTER
    tasks.hear_schedule()
    assert WorkerBeat.objects.get().part == SCHEDULE


def told() -> str:
    return measures.exposition().decode()


def test_prometheus_is_told_who_lives_and_what_stands_still() -> None:
    beats.beat(GENERATE)
    died(MEDIA)
    assert 'darkroom_workers{part="generate"} 1.0' in told()
    assert 'darkroom_workers{part="media"} 0.0' in told()
    assert 'darkroom_standstill{because="no_worker",part="media"} 1.0' in told()
