"""Stuck rows and how they end, without any message; with a provider, the books must agree."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from accounts.models import HoldState
from generations import catalog, enqueue
from generations.models import Attempt, Circuit, Gate, GenerationRequest, Image, Status
from generations.providers.base import RawAnswer
from generations.services import (
    audit,
    backoff,
    claiming,
    execution,
    leases,
    outcomes,
    providers,
    records,
    recovery,
    storing,
)
from generations.services import images as image_service
from tests import factories
from tests.generations.services.provider import Provider
from tests.generations.services.steps import (
    age,
    ask,
    attempts,
    house_paid,
    look,
    make_due,
    now,
    run,
)

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE = django_settings.PROVIDER_DEADLINE


@pytest.fixture
def sent_messages(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The messages that were sent, as name and arguments."""
    messages: list[tuple[str, ...]] = []

    def note(name: str, *arguments: str, queue: str) -> bool:
        messages.append((name, *arguments))
        return True

    monkeypatch.setattr(enqueue, "_send", note)
    monkeypatch.setattr(enqueue, "waiting", lambda: 0)
    return messages


@pytest.fixture
def died(provider: Provider) -> Attempt:
    """A request whose worker died before a byte was sent; its lease ran out."""
    attempt = factories.sent(ask())
    expire(attempt)
    recovery.expire_leases()
    return attempt


def expire(attempt: Attempt) -> None:
    lapsed = Now() - timedelta(seconds=1)
    GenerationRequest.objects.filter(pk=attempt.request_id).update(lease_until=lapsed)


def call(attempt: Attempt) -> RawAnswer:
    """The paid call alone, with nothing written down of its answer."""
    model = catalog.get_model(attempt.model)
    payload = catalog.payload(model, attempt.request.prompt, attempt.request.params)
    sent_as = attempt.client_request_id
    return providers.direct("aimlapi").generate(payload=payload, client_request_id=sent_as)


# Leases.


def test_a_request_whose_lease_ran_out_is_unconfirmed_and_never_queued() -> None:
    attempt = factories.sent()
    expire(attempt)
    recovery.expire_leases()
    request = now(attempt.request)
    assert (request.status, request.error_code) == (Status.UNCONFIRMED, "worker_died")
    assert attempts(request) == ["unknown"]
    assert request.hold.state == HoldState.PENDING


def test_who_was_only_cut_off_has_another_lease_to_bring_the_answer(provider: Provider) -> None:
    attempt = factories.sent(ask())
    raw = call(attempt)
    expire(attempt)
    recovery.expire_leases()
    recovery.settle_unconfirmed()
    assert now(attempt.request).status == Status.UNCONFIRMED
    assert outcomes.record_answer(attempt, raw)


def test_a_request_whose_worker_lives_is_left_alone() -> None:
    attempt = factories.sent()
    recovery.expire_leases()
    assert now(attempt.request).status == Status.SENDING


def test_a_dead_worker_is_noticed_within_a_minute() -> None:
    assert django_settings.LEASE_SECONDS + 2 * django_settings.SWEEP_SECONDS < 60


def test_a_lease_is_renewed_while_its_request_is_in_hand() -> None:
    attempt = factories.sent()
    expire(attempt)
    with leases.in_hand(attempt.request_id):
        leases.renew()
    recovery.expire_leases()
    assert now(attempt.request).status == Status.SENDING


def test_a_lease_is_not_renewed_after_its_request_left_the_hand() -> None:
    attempt = factories.sent()
    with leases.in_hand(attempt.request_id):
        pass
    expire(attempt)
    leases.renew()
    recovery.expire_leases()
    assert now(attempt.request).status == Status.UNCONFIRMED


def test_another_owners_lease_is_not_renewed() -> None:
    attempt = factories.sent()
    expire(attempt)
    GenerationRequest.objects.filter(pk=attempt.request_id).update(lease_owner="another")
    with leases.in_hand(attempt.request_id):
        leases.renew()
    recovery.expire_leases()
    assert now(attempt.request).status == Status.UNCONFIRMED


# The rule of absence: two looks, the second after the log had its time.


def test_a_call_that_never_left_is_sent_again_after_two_looks(died: Attempt) -> None:
    request = look(died.request)
    assert request.status == Status.UNCONFIRMED
    age(request, timedelta(seconds=DEADLINE + django_settings.PROVIDER_LOG_LAG))
    request = look(request)
    assert request.status == Status.QUEUED
    assert run(request).status == Status.SUCCEEDED
    assert attempts(request) == ["not_run", "answered"]


def test_absence_proves_nothing_while_the_call_may_still_run(
    died: Attempt, settings: Settings
) -> None:
    settings.PROVIDER_LOG_LAG = 60
    age(died.request, timedelta(seconds=DEADLINE + 30))
    for _ in range(3):
        assert look(died.request).status == Status.UNCONFIRMED
    age(died.request, timedelta(seconds=60))
    assert look(died.request).status == Status.QUEUED


def test_one_look_proves_nothing_however_late_it_comes(died: Attempt) -> None:
    age(died.request, timedelta(days=2))
    assert look(died.request).status == Status.UNCONFIRMED


def test_many_looks_prove_nothing_before_the_log_had_its_time(died: Attempt) -> None:
    for _ in range(5):
        request = look(died.request)
    assert request.status == Status.UNCONFIRMED


def test_a_look_at_a_log_that_does_not_answer_is_no_look(provider: Provider, died: Attempt) -> None:
    provider.fault("logs_status", status=503)
    age(died.request, timedelta(hours=1))
    assert look(died.request).status == Status.UNCONFIRMED
    assert look(died.request).status == Status.UNCONFIRMED
    assert look(died.request).status == Status.QUEUED


def test_a_worker_whose_clock_is_ahead_proves_nothing_sooner(
    died: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    for _ in range(3):
        request = look(died.request)
    assert request.status == Status.UNCONFIRMED


def test_a_worker_whose_clock_is_behind_does_not_miss_what_was_charged(
    provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROVIDER_LOG_LAG = 0
    provider.fault("drop_after")
    request = run(ask())
    age(request, timedelta(seconds=DEADLINE + 1))
    behind = timezone.now() - timedelta(minutes=2)
    monkeypatch.setattr(timezone, "now", lambda: behind)
    request = look(look(request))
    assert (request.status, request.error_code) == (Status.FAILED, "lost")


def test_a_log_that_was_read_too_early_proves_nothing(died: Attempt) -> None:
    look(died.request)
    age(died.request, records.lateness() - timedelta(seconds=1))
    died.refresh_from_db()
    recovery.decide(now(died.request), died, None, at=died.sent_at + timedelta(seconds=1))
    assert now(died.request).status == Status.UNCONFIRMED


def test_a_look_is_not_repeated_before_it_is_due(died: Attempt) -> None:
    age(died.request, timedelta(hours=1))
    look(died.request)
    recovery.settle_unconfirmed()
    assert now(died.request).status == Status.UNCONFIRMED


def test_a_request_that_failed_for_nothing_three_times_is_not_sent_again(
    provider: Provider,
) -> None:
    provider.fault("status", status=500, times=3)
    request = ask()
    for _ in range(backoff.MOST_ATTEMPTS):
        request = look(run(request))
    assert (request.status, request.error_code) == (Status.FAILED, "not_run")
    assert request.hold.state == HoldState.RELEASED
    assert len(provider.calls()) == 3


def test_what_a_busy_provider_did_not_take_is_not_counted_as_sent(provider: Provider) -> None:
    provider.fault("status", status=429, retry_after=0, times=3)
    request = ask()
    for _ in range(3):
        GenerationRequest.objects.update(due_at=Now())
        run(request)
    provider.fault("status", status=500)
    assert look(run(request)).status == Status.QUEUED


def test_a_connection_that_was_refused_is_not_counted_as_sent(
    provider: Provider, settings: Settings
) -> None:
    reachable, settings.AIMLAPI_BASE_URL = settings.AIMLAPI_BASE_URL, "http://127.0.0.1:9"
    providers.client.cache_clear()
    request = ask()
    for _ in range(backoff.MOST_ATTEMPTS):
        run(request)
    settings.AIMLAPI_BASE_URL = reachable
    providers.client.cache_clear()
    provider.fault("status", status=500)
    assert look(run(request)).status == Status.QUEUED


def test_half_an_hour_of_looks_is_no_half_hour_of_tries(died: Attempt, provider: Provider) -> None:
    long_ago = Now() - timedelta(hours=1)
    GenerationRequest.objects.filter(pk=died.request_id).update(started_at=long_ago)
    age(died.request, timedelta(hours=1))
    assert look(look(died.request)).status == Status.QUEUED
    provider.fault("status", status=429, retry_after=0)
    assert run(died.request).status == Status.QUEUED


def test_what_stays_unclear_for_a_day_gives_the_credits_back(
    provider: Provider, died: Attempt
) -> None:
    provider.fault("logs_status", status=503, times=2)
    age(died.request, timedelta(hours=23))
    assert look(died.request).status == Status.UNCONFIRMED
    age(died.request, timedelta(hours=2))
    request = look(died.request)
    assert (request.status, request.error_code) == (Status.FAILED, "unclear")
    assert request.hold.state == HoldState.RELEASED


def test_one_log_that_does_not_answer_does_not_keep_others_from_their_look(
    provider: Provider,
) -> None:
    provider.fault("status", status=500, times=2)
    first, second = run(ask()), run(ask())
    age(first, timedelta(minutes=10))  # or one reading did for both
    provider.fault("logs_status", status=503)
    make_due(first)
    make_due(second)
    recovery.settle_unconfirmed()
    assert {now(first).status, now(second).status} == {Status.UNCONFIRMED, Status.QUEUED}


def test_two_sweepers_take_one_look_between_them(provider: Provider) -> None:
    provider.fault("status", status=500, charged=True, times=6)
    requests = [run(ask()) for _ in range(6)]
    for request in requests:
        make_due(request)

    def settle() -> None:
        recovery.settle_unconfirmed()
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(settle) for _ in range(2)]:
            done.result()
    assert {now(request).status for request in requests} == {Status.FAILED}
    assert [house_paid(request) for request in requests] == [factories.PRICE] * 6


def test_an_answer_that_comes_during_the_last_look_is_kept(died: Attempt) -> None:
    look(died.request)
    age(died.request, timedelta(hours=1))
    looked_at = now(died.request)
    died.refresh_from_db()
    assert outcomes.record_answer(died, factories.answer())
    recovery.decide(looked_at, died, None, at=records.database_time())
    assert now(died.request).status == Status.ANSWERED


# Messages that were lost.


def test_a_queued_request_gets_a_ticket_again(sent_messages: list[tuple[str, ...]]) -> None:
    request = factories.request()
    sent_messages.clear()
    GenerationRequest.objects.filter(pk=request.pk).update(due_at=Now() - timedelta(minutes=1))
    recovery.sweep()
    assert sent_messages == [("generations.run_next",)]


def test_a_request_that_is_not_due_gets_no_ticket(sent_messages: list[tuple[str, ...]]) -> None:
    request = factories.request()
    sent_messages.clear()
    GenerationRequest.objects.filter(pk=request.pk).update(due_at=Now() + timedelta(minutes=1))
    recovery.sweep()
    assert sent_messages == []


def test_there_are_no_more_tickets_than_idle_hands(
    sent_messages: list[tuple[str, ...]], settings: Settings
) -> None:
    settings.WORKER_CONCURRENCY = 3
    team = factories.team()
    for _ in range(6):
        factories.request(of=team)
    GenerationRequest.objects.update(due_at=Now() - timedelta(minutes=1))
    claimed = claiming.claim()
    assert claimed
    sent_messages.clear()
    with leases.in_hand(claimed.request_id):
        recovery.sweep()
    assert len(sent_messages) == 2


def test_there_are_no_tickets_for_what_nobody_can_claim(
    sent_messages: list[tuple[str, ...]], settings: Settings
) -> None:
    team = factories.team()
    for _ in range(4):
        factories.request(of=team)
    GenerationRequest.objects.update(due_at=Now() - timedelta(minutes=1))
    in_an_hour = Now() + timedelta(hours=1)
    circuit = Circuit.objects.create(provider="aimlapi", because="server", probe_at=in_an_hour)
    assert tickets(sent_messages) == 0
    circuit.delete()
    settings.PROVIDER_LIMITS = {"aimlapi": (3, 0)}
    assert tickets(sent_messages) == 3
    assert claiming.claim()
    assert tickets(sent_messages) == 2
    settings.PROVIDER_LIMITS = {"aimlapi": (0, 6)}
    assert tickets(sent_messages) == 0
    Gate.objects.update(filled_at=Now() - timedelta(minutes=1))
    assert tickets(sent_messages) == 1
    settings.PROVIDERS = ["fal"]
    assert tickets(sent_messages) == 0


def test_a_ticket_that_is_under_way_is_not_sent_again(
    sent_messages: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    team = factories.team()
    for _ in range(3):
        factories.request(of=team)
    GenerationRequest.objects.update(due_at=Now() - timedelta(minutes=1))
    monkeypatch.setattr(enqueue, "waiting", lambda: 2)
    assert tickets(sent_messages) == 1


def tickets(sent_messages: list[tuple[str, ...]]) -> int:
    """How many one sweep sends."""
    sent_messages.clear()
    recovery.sweep()
    return sent_messages.count(("generations.run_next",))


def test_an_answered_request_that_nobody_stores_is_stored(
    sent_messages: list[tuple[str, ...]],
) -> None:
    attempt = factories.answered()
    sent_messages.clear()
    recovery.sweep()
    assert sent_messages == []
    expire(attempt)
    recovery.sweep()
    assert sent_messages == [("generations.finish", str(attempt.request_id))]


def test_what_is_to_be_stored_is_asked_for_once_until_its_message_must_be_lost(
    sent_messages: list[tuple[str, ...]], provider: Provider
) -> None:
    attempt = factories.sent(ask())
    raw = call(attempt)
    assert outcomes.record_answer(attempt, raw)
    expire(attempt)
    sent_messages.clear()
    for _ in range(3):
        recovery.sweep()
    assert len(sent_messages) == 1
    make_due(attempt.request)
    recovery.sweep()
    assert len(sent_messages) == 2
    storing.resume(attempt.request_id)
    assert now(attempt.request).status == Status.SUCCEEDED


def test_late_renditions_are_asked_for_again(sent_messages: list[tuple[str, ...]]) -> None:
    image = factories.succeeded().images.get()
    sent_messages.clear()
    recovery.sweep()
    assert sent_messages == []
    Image.objects.update(stored_at=Now() - timedelta(minutes=1))
    for _ in range(3):
        recovery.sweep()
    assert sent_messages == [("generations.make_renditions", str(image.pk))]
    image_service.make_renditions(image.pk)
    sent_messages.clear()
    recovery.sweep()
    assert sent_messages == []


def test_renditions_are_asked_for_ever_less_often_and_also_after_a_day(
    sent_messages: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.succeeded()
    Image.objects.update(stored_at=Now() - timedelta(days=2))
    sent_messages.clear()
    clock = time.monotonic()
    for seconds in range(0, 3600, 15):
        monkeypatch.setattr(time, "monotonic", lambda at=clock + seconds: at)
        recovery.reissue_renditions()
    assert len(sent_messages) == 9


def test_a_picture_that_cannot_be_rendered_is_given_up(
    sent_messages: list[tuple[str, ...]],
) -> None:
    factories.succeeded()
    Image.objects.update(
        stored_at=Now() - timedelta(minutes=1), rendition_tries=image_service.MOST_TRIES
    )
    sent_messages.clear()
    recovery.sweep()
    assert sent_messages == []


@pytest.mark.parametrize(
    ("queue", "sent"),
    [("generate", {"generations.run_next", "generations.finish"}), ("media", set())],
)
def test_a_worker_asks_again_only_for_what_it_does_itself(
    sent_messages: list[tuple[str, ...]], queue: str, sent: set[str]
) -> None:
    team = factories.team()
    expire(factories.answered(factories.request(of=team)))
    waiting = factories.request(of=team)
    GenerationRequest.objects.filter(pk=waiting.pk).update(due_at=Now() - timedelta(minutes=1))
    sent_messages.clear()
    recovery.sweep({queue})
    assert {message[0] for message in sent_messages} == sent


def test_a_look_for_the_dead_beside_another_changes_nothing_and_does_not_wait() -> None:
    attempt = factories.sent()
    expire(attempt)

    def sweep() -> None:
        recovery.notice_the_dead()
        connection.close()

    with ThreadPoolExecutor(1) as pool, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('sweep:expire_leases'))")
        pool.submit(sweep).result(timeout=5)
        assert now(attempt.request).status == Status.SENDING
        cursor.execute("SELECT pg_advisory_unlock(hashtext('sweep:expire_leases'))")
    recovery.notice_the_dead()
    assert now(attempt.request).status == Status.UNCONFIRMED


def test_everything_ends_without_any_message(
    provider: Provider, sent_messages: list[tuple[str, ...]]
) -> None:
    provider.fault("status", status=500)
    request = look(run())
    while execution.run_next():
        pass
    assert now(request).status == Status.SUCCEEDED
    assert audit.check_ledger().problems == []
