"""Our books beside fal's list of charges, which is the account's and names no key."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from django.core import mail
from pytest_django import Settings

from generations.models import Attempt, CostSource, Finding, FindingKind, Reconciliation
from generations.models import ReconciliationState as State
from generations.services import audit, providers, reconciling
from tests.generations.services.provider import Provider
from tests.generations.services.queue_steps import (
    PRICE,
    REALISM,
    look_until_gone,
    look_until_over,
    store,
    submitted,
)
from tests.generations.services.steps import house_paid

PRICE_NANO = 35_000_000


@pytest.fixture(autouse=True)
def _books(connected: Provider, settings: Settings) -> Iterator[None]:
    settings.PROVIDER_LOG_LAG = 0
    settings.FAL_ADMIN_KEY = settings.FAL_KEY
    yield
    assert audit.check_ledger().problems == []


def compare() -> Reconciliation:
    both = reconciling.run(over=[datetime.now(UTC).date()])
    assert [one.provider for one in both] == ["aimlapi", "fal"]
    assert both[1].state == State.FINISHED, both[1].error
    return both[1]


def test_what_was_made_and_paid_matches_to_the_last_nano_dollar(connected: Provider) -> None:
    for _ in range(2):
        store(look_until_over(submitted()))
    done = compare()
    assert (done.matched, done.ours_nano_usd, done.theirs_nano_usd) == (2, *[2 * PRICE_NANO] * 2)
    assert done.transactions_nano_usd == 2 * PRICE_NANO
    assert connected.key.startswith(done.key_prefix)
    assert not mail.outbox


def test_a_computed_cost_is_replaced_by_fals(connected: Provider) -> None:
    connected.fault("no_cost")
    request = store(look_until_over(submitted()))
    assert compare().matched == 1
    attempt = request.attempts.get()
    assert (attempt.cost_source, attempt.cost_nano_usd) == (CostSource.LOG, PRICE_NANO)


def test_what_fal_took_more_the_house_pays_and_a_person_looks(connected: Provider) -> None:
    connected.fault("cost", credits=2 * PRICE_NANO // 500)
    connected.fault("fal_gone", times=5)
    request = look_until_gone(submitted())
    assert compare().theirs_only == 1
    assert house_paid(request) == 2 * PRICE
    assert Finding.objects.get().kind == FindingKind.THEIRS_ONLY


def test_a_charge_that_nobody_here_asked_for_is_elsewhere(connected: Provider) -> None:
    headers = {"Authorization": f"Key {connected.key}:secret"}
    url = f"{connected.running.url}/{REALISM}"
    body = {"prompt": "By hand", "image_size": {"width": 512, "height": 512}}
    httpx.post(url, json=body, headers=headers).raise_for_status()
    while not connected.charged():
        pass
    done = compare()
    assert (done.elsewhere_nano_usd, done.theirs_nano_usd) == (PRICE_NANO, 0)
    assert not Finding.objects.exists()


def test_without_an_admin_key_fals_charges_are_not_asked_for(settings: Settings) -> None:
    settings.FAL_ADMIN_KEY = ""
    (only,) = reconciling.run(over=[datetime.now(UTC).date()])
    assert only.provider == "aimlapi"


def test_a_refused_admin_key_fails_the_day_and_nothing_else(settings: Settings) -> None:
    settings.FAL_ADMIN_KEY = "invalid:key"
    providers.client.cache_clear()
    both = reconciling.run(over=[datetime.now(UTC).date()])
    assert [one.state for one in both] == [State.FINISHED, State.FAILED]
    assert "401" in both[1].error
    assert not Attempt.objects.exists()
