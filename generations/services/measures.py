"""What Prometheus is told, read from the database at each scrape: it is the same for all processes.

Credits are in microcredits, the provider's amounts in nano-USD, so that all are whole numbers.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, F, Max, Min, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.models import AccountKind, CreditAccount
from accounts.services import ledger_check
from config.ids import first_uuid7
from generations.models import (
    OPEN,
    Circuit,
    Finding,
    GenerationRequest,
    Reconciliation,
    ReconciliationState,
    Status,
)
from generations.services import audit, beats

LATELY = timedelta(days=1)
# As many days of a provider as one night compares.
DAYS_COMPARED = timedelta(days=4)


class Measures(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _books()
        yield from _credits()
        yield from _bill()
        yield from _requests()
        yield _circuits()
        yield from _workers()


def exposition() -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Measures())
    return generate_latest(registry)


def _books() -> Iterator[GaugeMetricFamily]:
    last = ledger_check.last()
    if last is None:
        return
    problems = GaugeMetricFamily(
        "darkroom_ledger_problems",
        "What contradicted each invariant at the last check of the books",
        labels=["invariant"],
    )
    for key in audit.promises():
        problems.add_metric([key], last.found.get(key, {}).get("count", 0))
    yield problems
    yield _gauge("ledger_check_seconds", "How long the last check took", last.seconds)
    yield _gauge("ledger_check_timestamp_seconds", "When the last check was", last.at.timestamp())


def _credits() -> Iterator[GaugeMetricFamily]:
    teams = CreditAccount.objects.filter(kind=AccountKind.TEAM)
    sums = teams.aggregate(
        reserved=Sum("held"), available=Sum(F("posted") - F("held") + F("overdraft"))
    )
    frozen = teams.filter(frozen_at__isnull=False).count()
    yield _gauge("held_microcredits", "Reserved over all teams", sums["reserved"] or 0)
    yield _gauge("available_microcredits", "To be spent over all teams", sums["available"] or 0)
    yield _gauge("frozen_accounts", "Teams that may not spend until staff have looked", frozen)


def _bill() -> Iterator[GaugeMetricFamily]:
    """Of the days that the nights read again and again."""
    since = timezone.now() - DAYS_COMPARED
    done = Reconciliation.objects.filter(state=ReconciliationState.FINISHED, since__gte=since)
    drift = GaugeMetricFamily(
        "darkroom_reconcile_drift_nano_usd",
        "What the provider took beyond our books, over the days compared last",
        labels=["provider"],
    )
    compared = GaugeMetricFamily(
        "darkroom_reconcile_timestamp_seconds", "When it was compared", labels=["provider"]
    )
    differences = (
        done.order_by()
        .values("provider")
        .annotate(drift=Sum(F("theirs_nano_usd") - F("ours_nano_usd")), at=Max("finished_at"))
    )
    for row in differences:
        drift.add_metric([row["provider"]], row["drift"])
        compared.add_metric([row["provider"]], row["at"].timestamp())
    yield drift
    yield compared
    yield _gauge(
        "reconcile_open_cases", "Differences that wait for a person", Finding.objects.open().count()
    )


def _requests() -> Iterator[GaugeMetricFamily]:
    everything = GenerationRequest.objects.order_by()
    waiting = everything.filter(status__in=sorted(OPEN))
    # Ids begin with the time: a day's rows are found without an index of their own.
    lately = everything.filter(pk__gte=first_uuid7(timezone.now() - LATELY))
    for name, says, found, statuses in (
        ("requests_open", "Requests that are not over, by status", waiting, sorted(OPEN)),
        ("requests_of_a_day", "Requests of the last 24 hours, by status", lately, list(Status)),
    ):
        counts = dict(found.values_list("status").annotate(count=Count("pk")))
        gauge = GaugeMetricFamily(f"darkroom_{name}", says, labels=["status"])
        for status in statuses:
            gauge.add_metric([status], counts.get(status, 0))
        yield gauge
    oldest = waiting.filter(status=Status.QUEUED).aggregate(at=Min("due_at"))["at"]
    age = max((timezone.now() - oldest).total_seconds(), 0) if oldest else 0
    yield _gauge("oldest_queued_seconds", "How long the next request has been due", age)


def _circuits() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "darkroom_circuit_open",
        "What nothing is sent to now, and why; without a provider: to none, for want of room",
        labels=["provider", "model", "because"],
    )
    for one in Circuit.objects.all():
        gauge.add_metric([one.provider, one.model, one.because], 1)
    return gauge


def _workers() -> Iterator[GaugeMetricFamily]:
    known = beats.workers()
    living = GaugeMetricFamily(
        "darkroom_workers", "Workers that live, by what they do", labels=["part"]
    )
    still = GaugeMetricFamily(
        "darkroom_standstill", "What nobody works on, and why", labels=["part", "because"]
    )
    for part in beats.WATCHED:
        living.add_metric([part], sum(one.lives for one in known if one.said.part == part))
        if found := beats.standstill(part, known):
            still.add_metric([part, found.because], 1)
    yield living
    yield still


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"darkroom_{name}", says, value=value)
