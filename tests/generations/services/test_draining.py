"""A worker that was asked to stop. What ends it is shown by real ones, in test_shutdown.py."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from generations import enqueue
from generations.models import GenerationRequest, Status
from generations.services import draining, execution, leases, recovery, storing
from tests import factories
from tests.generations.services.steps import now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "_drain", draining._Drain())
    draining.begin()


def test_a_ticket_that_was_taken_before_claims_nothing(asked_to_stop: None) -> None:
    request = factories.request()
    assert not execution.run_next()
    assert now(request).status == Status.QUEUED


def test_what_was_answered_is_left_to_a_worker_that_stays(asked_to_stop: None) -> None:
    request = factories.answered().request
    GenerationRequest.objects.update(lease_until=Now())
    storing.resume(request.pk)
    assert now(request).status == Status.ANSWERED


def test_no_tickets_are_sent_to_oneself(
    asked_to_stop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def note(name: str, *_: str, queue: str) -> bool:
        sent.append(name)
        return True

    monkeypatch.setattr(enqueue, "_send", note)
    factories.request()
    GenerationRequest.objects.update(due_at=Now() - timedelta(minutes=1))
    sent.clear()
    recovery.sweep()
    assert sent == []


def test_within_the_grace_nothing_is_handed_over(asked_to_stop: None) -> None:
    attempt = factories.sent()
    draining.end_in_time()
    recovery.expire_leases()
    assert now(attempt.request).status == Status.SENDING


def test_what_is_let_go_of_is_unclear_at_the_next_sweep() -> None:
    sending = factories.sent()
    leases.let_go()
    recovery.expire_leases()
    request = now(sending.request)
    assert (request.status, request.attempt_count) == (Status.UNCONFIRMED, 1)


def test_what_is_let_go_of_and_answered_is_finished_by_another() -> None:
    request = factories.answered().request
    leases.let_go()
    storing.resume(request.pk)
    assert now(request).status == Status.SUCCEEDED


def test_what_another_worker_holds_stays_theirs() -> None:
    attempt = factories.sent()
    GenerationRequest.objects.update(lease_owner="another")
    leases.let_go()
    recovery.expire_leases()
    assert now(attempt.request).status == Status.SENDING
