"""A provider or model that fails is left alone, but for a probe now and then."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models.functions import Now

from generations import batches
from generations.models import Attempt, AttemptState, Circuit, Status
from generations.providers.base import RawAnswer
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import circuits, claiming, outcomes
from tests import factories

pytestmark = pytest.mark.django_db

OTHER_MODEL = "flux/schnell"


def fail(kind: ErrorKind, outcome: Outcome = Outcome.UNKNOWN) -> Attempt:
    factories.request()
    attempt = claiming.claim()
    assert attempt is not None
    outcomes.record_error(attempt, ProviderError("No.", outcome=outcome, kind=kind))
    return attempt


def succeed() -> None:
    factories.request()
    attempt = claiming.claim()
    assert attempt is not None
    outcomes.record_answer(attempt, RawAnswer(200, {}, "{}", 1.0))


def probe_is_due() -> None:
    Circuit.objects.update(probe_at=Now())


def test_half_of_the_last_twenty_calls_open_the_circuit_of_their_model_alone() -> None:
    for _ in range(10):
        succeed()
    for _ in range(9):
        fail(ErrorKind.SERVER)
    assert not Circuit.objects.exists()
    fail(ErrorKind.SERVER)
    assert [(one.model, one.because) for one in Circuit.objects.all()] == [
        (factories.MODEL, "server")
    ]
    factories.request()
    assert claiming.claim() is None
    factories.request(model=OTHER_MODEL)
    assert claiming.claim()


def test_five_calls_in_a_row_without_a_connection_open_it() -> None:
    for _ in range(5):
        assert not Circuit.objects.exists()
        fail(ErrorKind.CONNECTION, Outcome.NOT_RUN)
    assert Circuit.objects.exists()


def test_a_refused_key_pauses_the_provider_and_leaves_the_others_queued() -> None:
    fail(ErrorKind.UNAUTHORIZED, Outcome.REJECTED)
    waiting = factories.request(model=OTHER_MODEL)
    assert claiming.claim() is None
    waiting.refresh_from_db()
    assert waiting.status == Status.QUEUED
    (batch,) = batches.present([waiting])
    assert batch.stage == "Paused: the provider refuses our key, the owners were told"


def test_one_probe_is_let_through_when_its_time_has_come() -> None:
    fail(ErrorKind.UNAUTHORIZED, Outcome.REJECTED)
    factories.request(), factories.request()
    probe_is_due()
    attempt = claiming.claim()
    assert attempt is not None
    assert attempt.is_probe
    assert claiming.claim() is None


def test_a_probe_that_is_answered_closes_the_circuit() -> None:
    fail(ErrorKind.UNAUTHORIZED, Outcome.REJECTED)
    probe_is_due()
    succeed()
    assert not Circuit.objects.exists()


def test_a_probe_that_is_refused_for_what_it_asks_closes_it_too() -> None:
    fail(ErrorKind.UNAUTHORIZED, Outcome.REJECTED)
    probe_is_due()
    fail(ErrorKind.INVALID, Outcome.REJECTED)
    assert not Circuit.objects.exists()


def test_probes_that_fail_come_ever_less_often() -> None:
    fail(ErrorKind.UNAUTHORIZED, Outcome.REJECTED)
    pauses = []
    for _ in range(7):
        probe_is_due()
        fail(ErrorKind.UNAUTHORIZED, Outcome.REJECTED)
        circuit = Circuit.objects.annotate(now=Now()).get()
        pauses.append(round((circuit.probe_at - circuit.now).total_seconds()))
    assert pauses == [30, 60, 120, 240, 480, 900, 900]


def test_what_the_provider_did_not_do_for_one_request_says_nothing_about_the_next() -> None:
    for _ in range(25):
        fail(ErrorKind.INVALID, Outcome.REJECTED)
    assert not Circuit.objects.exists()
    assert Attempt.objects.filter(state=AttemptState.REJECTED).count() == 25
    assert circuits.LOOKED_AT < 25


def test_a_circuit_that_was_probed_for_weeks_stops_nobodys_claim() -> None:
    fail(ErrorKind.UNAUTHORIZED, Outcome.REJECTED)
    for probes in (39, 32_767):
        Circuit.objects.update(probes=probes, probe_at=Now())
        factories.request()
        attempt = claiming.claim()
        assert attempt
        assert attempt.is_probe
    circuit = Circuit.objects.annotate(now=Now()).get()
    assert circuit.probe_at - circuit.now <= timedelta(minutes=15)


def test_a_provider_that_lets_every_call_run_into_its_deadline_opens_the_circuit() -> None:
    sent = [factories.sent() for _ in range(circuits.LOOKED_AT)]
    hung = timedelta(seconds=settings.PROVIDER_DEADLINE + 1)
    Attempt.objects.update(sent_at=Now() - hung)
    for attempt in sent:
        no_answer = ProviderError("No.", outcome=Outcome.UNKNOWN, kind=ErrorKind.TIMEOUT)
        outcomes.record_error(attempt, no_answer)
    assert Circuit.objects.get().because == ErrorKind.TIMEOUT
