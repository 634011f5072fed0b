from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import BooksCheck, CreditAccount
from generations.models import GenerationRequest, Reconciliation, ReconciliationState
from generations.services import circuits, measures
from tests import factories

pytestmark = pytest.mark.django_db


def told() -> dict[str, float]:
    """Each figure by its name and label."""
    families = text_string_to_metric_families(measures.exposition().decode())
    return {
        " ".join([sample.name.removeprefix("darkroom_"), *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


def test_credits_are_told_in_whole_microcredits() -> None:
    factories.request()
    found = told()
    assert found["held_microcredits"] == factories.PRICE
    assert found["available_microcredits"] == 1000 * factories.CREDIT - factories.PRICE


def test_requests_are_counted_by_status() -> None:
    team = factories.team()
    factories.succeeded(factories.request(of=team))
    waiting = factories.request(of=team)
    due = Now() - timedelta(seconds=90)
    GenerationRequest.objects.filter(pk=waiting.pk).update(due_at=due)
    found = told()
    assert (found["requests_open queued"], found["requests_open sending"]) == (1, 0)
    assert (found["requests_of_a_day succeeded"], found["requests_of_a_day failed"]) == (1, 0)
    assert 90 <= found["oldest_queued_seconds"] < 120


def test_with_nothing_queued_nothing_is_old() -> None:
    assert told()["oldest_queued_seconds"] == 0


def test_what_is_paused_is_told_with_its_reason() -> None:
    assert not [name for name in told() if name.startswith("circuit_open")]
    circuits.pause_everything(because="disk", lasts=timedelta(seconds=9))
    assert told()["circuit_open disk  "] == 1


def test_before_the_first_check_nothing_is_said_of_the_books() -> None:
    assert not [name for name in told() if name.startswith("ledger_")]


def test_the_last_check_is_told_by_its_invariants() -> None:
    BooksCheck.objects.create(
        entries=7,
        problems=["wrong"],
        found={"I2": {"count": 3, "accounts": [1], "house": False}},
        seconds=0.5,
    )
    found = told()
    assert (found["ledger_problems I2"], found["ledger_problems I14"]) == (3, 0)
    assert found["ledger_check_seconds"] == 0.5
    assert abs(found["ledger_check_timestamp_seconds"] - timezone.now().timestamp()) < 60


def test_frozen_accounts_are_counted() -> None:
    CreditAccount.objects.filter(team=factories.team()).update(frozen_at=Now())
    assert told()["frozen_accounts"] == 1


def test_the_difference_to_the_bill_is_told_by_provider() -> None:
    for days, theirs in ((1, 50), (2, 40), (30, 7)):
        since = timezone.now() - timedelta(days=days)
        Reconciliation.objects.create(
            provider="aimlapi",
            key_prefix="a",
            since=since,
            until=since + timedelta(days=1),
            state=ReconciliationState.FINISHED,
            finished_at=timezone.now(),
            ours_nano_usd=30,
            theirs_nano_usd=theirs,
        )
    assert told()["reconcile_drift_nano_usd aimlapi"] == 30
