from collections.abc import Callable
from types import SimpleNamespace

import pytest

from generations import clock, tasks
from generations.services import recovery

Work = Callable[[], None]


@pytest.mark.parametrize(("queue", "asks"), [("generate", True), ("media", False)])
def test_providers_logs_are_read_beside_those_workers_alone_that_call_them(
    monkeypatch: pytest.MonkeyPatch, queue: str, asks: bool
) -> None:
    repeated: list[Work] = []
    monkeypatch.setattr(clock, "every", lambda _, work: repeated.append(work))
    monkeypatch.setattr(tasks, "worker_shutting_down", SimpleNamespace(connect=lambda _: None))
    queues = SimpleNamespace(consume_from={queue: None})
    tasks.start_clockwork(SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=queues))))
    assert (recovery.settle_unconfirmed in repeated) is asks
