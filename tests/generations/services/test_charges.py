"""The figures of one call, side by side, each written once."""

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from generations.models import Attempt, GenerationRequest, ProviderCharge, SeenVia
from generations.providers.base import Cost
from generations.services import charges, reconciling, storing
from generations.services.reconciling import lately
from tests import factories
from tests.generations.services import steps
from tests.generations.services.provider import Provider

PRICE = 33_000_000  # nano-USD of one image of the factories' model


def figures(attempt: Attempt) -> dict[str, int]:
    return {one.seen_via: one.nano_usd for one in ProviderCharge.objects.filter(attempt=attempt)}


@pytest.mark.django_db
def test_the_estimate_stands_beside_the_first_figure_that_is_kept() -> None:
    attempt = factories.sent()
    charges.keep(attempt, Cost(31_000_000, 0, "", SeenVia.LOG))
    assert figures(attempt) == {SeenVia.ESTIMATED: PRICE, SeenVia.LOG: 31_000_000}


@pytest.mark.django_db
def test_a_model_that_left_the_catalog_keeps_nobody_from_claiming() -> None:
    request = factories.request()
    GenerationRequest.objects.filter(pk=request.pk).update(model="gone/model")
    assert figures(factories.sent(request)) == {}


@pytest.mark.django_db
def test_what_the_provider_states_stands_beside_what_we_compute() -> None:
    attempt = factories.answered(raw=factories.answer(usd="0.031"))
    storing.finish(attempt.request_id)
    assert figures(attempt) == {
        SeenVia.ESTIMATED: PRICE,
        SeenVia.COMPUTED: PRICE,
        SeenVia.HEADER: 31_000_000,
    }
    attempt.refresh_from_db()
    assert attempt.cost_nano_usd == 31_000_000


@pytest.mark.django_db
def test_where_the_provider_states_none_the_computed_counts() -> None:
    attempt = factories.answered(raw=factories.answer(usd=None))
    storing.finish(attempt.request_id)
    attempt.refresh_from_db()
    assert set(figures(attempt)) == {SeenVia.ESTIMATED, SeenVia.COMPUTED}
    assert (attempt.cost_nano_usd, attempt.cost_source) == (PRICE, "computed")


@pytest.mark.django_db
def test_a_figure_said_again_changes_nothing() -> None:
    attempt = factories.sent()
    for _ in range(2):
        charges.keep(attempt)
    assert figures(attempt) == {SeenVia.ESTIMATED: PRICE}


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["UPDATE {} SET nano_usd = 1", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_figure_can_neither_be_changed_nor_removed(change: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(change.format("generations_providercharge"))


@pytest.fixture
def at_once(settings: Settings) -> None:
    """What the provider writes into its log is there at once."""
    settings.PROVIDER_LOG_LAG = 0


def compare() -> None:
    reconciling.run(over=lately())


def test_the_bill_is_kept_once_however_often_it_is_read(provider: Provider, at_once: None) -> None:
    attempt = steps.run().attempts.get()
    compare()
    compare()
    found = figures(attempt)
    assert found[SeenVia.LOG] == found[SeenVia.TRANSACTION] == attempt.cost_nano_usd
    assert ProviderCharge.objects.filter(attempt=attempt).count() == len(found)


def test_what_was_billed_otherwise_stands_beside_what_was_computed(
    connected: Provider, at_once: None
) -> None:
    connected.fault("no_cost", credits=70_000)
    attempt = steps.run().attempts.get()
    compare()
    found = figures(attempt)
    assert (found[SeenVia.COMPUTED], found[SeenVia.LOG]) == (PRICE, 35_000_000)


def test_a_charge_that_the_log_alone_tells_of_is_kept_once(
    provider: Provider, at_once: None
) -> None:
    """Read when the request is settled, and again every night."""
    provider.fault("drop_after")
    request = steps.look(steps.run())
    compare()
    attempt = request.attempts.get()
    assert attempt.cost_source == "log"
    assert ProviderCharge.objects.filter(attempt=attempt, seen_via=SeenVia.LOG).count() == 1
