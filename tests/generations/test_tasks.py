"""What a worker does beside its tasks, each in a thread of its own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.db.models.functions import Now

from generations import clock, enqueue, tasks
from generations.models import GenerationRequest, Status, WorkerBeat
from generations.services import leases, recovery
from tests import factories
from tests.config.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Broker:
    """Takes messages, and on order says nothing to who sends one."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.waiting = 0

    def take(self, *_: str, queue: str) -> bool:
        self.waiting += 1
        return self.goes_on.wait(30)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    made = Broker()
    monkeypatch.setattr(enqueue, "_send", made.take)
    monkeypatch.setattr(enqueue, "waiting", lambda: 0)
    yield made
    made.goes_on.set()


def clocks(monkeypatch: pytest.MonkeyPatch, *queues: str) -> list[Callable[[], None]]:
    """What a worker of these queues repeats."""
    works: list[Callable[[], None]] = []
    monkeypatch.setattr(clock, "every", lambda _, work: works.append(work))
    consumer = SimpleNamespace(queues=SimpleNamespace(consume_from=dict.fromkeys(queues)))
    tasks.start_clockwork(sender=SimpleNamespace(app=SimpleNamespace(amqp=consumer)))
    return works


def test_a_broker_that_hangs_keeps_no_dead_worker_from_being_noticed(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = factories.team()
    died = factories.sent(factories.request(of=team)).request
    factories.request(of=team)
    lapsed = Now() - timedelta(minutes=1)
    GenerationRequest.objects.update(due_at=lapsed)
    broker.goes_on.clear()
    over = threading.Event()

    def repeat(work: Callable[[], None]) -> None:
        while not over.wait(0.05):
            work()
            connection.close()

    broker.waiting = 0
    works = clocks(monkeypatch, "generate")
    with ThreadPoolExecutor(len(works)) as pool:
        for work in works:
            pool.submit(repeat, work)
        try:
            wait_until(lambda: broker.waiting > 1)  # the sweep's ticket among them
            GenerationRequest.objects.filter(pk=died.pk).update(lease_until=lapsed)
            noticed = GenerationRequest.objects.filter(pk=died.pk, status=Status.UNCONFIRMED)
            wait_until(noticed.exists, seconds=10)
        finally:
            over.set()
            broker.goes_on.set()


def test_a_worker_says_for_its_part_that_it_lives(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for work in clocks(monkeypatch, "media"):
        work()
    said = WorkerBeat.objects.get()
    assert (said.name, said.part, broker.waiting) == (leases.OWNER, "media", 1)


@pytest.mark.parametrize(("queue", "asks"), [("generate", True), ("media", False)])
def test_providers_logs_are_read_beside_those_workers_alone_that_call_them(
    monkeypatch: pytest.MonkeyPatch, queue: str, asks: bool
) -> None:
    assert (recovery.settle_unconfirmed in clocks(monkeypatch, queue)) is asks
