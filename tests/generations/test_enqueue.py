"""Messages through the real transports; that they may be lost is the engine's own affair."""

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery, current_app
from django.db import transaction

from generations import enqueue

SENDERS: dict[str, Callable[[UUID], bool]] = {
    "ticket": lambda _: enqueue.send_ticket(),
    "finish": enqueue.finish,
    "renditions": enqueue.renditions,
}
AFTER_COMMIT: dict[str, Callable[[UUID], None]] = {
    "ticket": lambda _: enqueue.ticket_after_commit(),
    "finish": enqueue.finish_after_commit,
    "renditions": enqueue.renditions_after_commit,
}

Through = Callable[[str, Mapping[str, object]], None]


@pytest.fixture
def through() -> Iterator[Through]:
    """Messages go through this broker until the test ends."""
    usual = current_app._get_current_object()

    def use(url: str, options: Mapping[str, object]) -> None:
        app = Celery("elsewhere", broker=url)
        app.conf.broker_transport_options = dict(options)
        app.set_current()

    yield use
    current_app.pool.force_close_all()
    usual.set_current()


@pytest.fixture
def folder(through: Through, tmp_path: Path) -> Path:
    """A folder that messages go to."""
    messages = tmp_path / "messages"
    messages.mkdir()
    through("filesystem://localhost", {name: str(messages) for name in FOLDERS})
    return messages


FOLDERS = ("data_folder_in", "data_folder_out", "control_folder")


def waiting(folder: Path) -> list[tuple[str, str, str]]:
    """Queue, task and arguments of each message."""
    found = []
    for path in sorted(folder.glob("*.msg")):
        message: dict[str, Any] = json.loads(path.read_text())
        headers, delivery = message["headers"], message["properties"]["delivery_info"]
        found.append((delivery["routing_key"], headers["task"], headers["argsrepr"]))
    return found


def test_a_ticket_says_run_the_next_and_names_no_request(folder: Path) -> None:
    assert enqueue.send_ticket()
    assert waiting(folder) == [("generate", "generations.run_next", "()")]


def test_pictures_are_stored_by_one_worker_and_decoded_by_the_other(folder: Path) -> None:
    request, image = uuid4(), uuid4()
    enqueue.finish(request)
    enqueue.renditions(image)
    assert set(waiting(folder)) == {
        ("generate", "generations.finish", f"('{request}',)"),
        ("media", "generations.make_renditions", f"('{image}',)"),
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", AFTER_COMMIT)
def test_a_message_leaves_at_the_commit_and_not_after_a_rollback(folder: Path, what: str) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        AFTER_COMMIT[what](uuid4())
        raise RuntimeError
    assert waiting(folder) == []
    with transaction.atomic():
        AFTER_COMMIT[what](uuid4())
        assert waiting(folder) == []
    assert len(waiting(folder)) == 1


@pytest.mark.parametrize("what", SENDERS)
def test_a_folder_that_is_gone_harms_nobody(folder: Path, what: str) -> None:
    folder.rmdir()
    folder.write_text("a file where the folder should be")
    assert not SENDERS[what](uuid4())


@pytest.mark.parametrize("what", SENDERS)
def test_a_redis_that_is_away_harms_nobody(through: Through, what: str) -> None:
    through("redis://127.0.0.1:9/0", {"socket_connect_timeout": 1})
    assert not SENDERS[what](uuid4())


def test_a_redis_that_hangs_holds_nobody_up(through: Through) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        through(f"redis://127.0.0.1:{port}/0", {"socket_timeout": 0.3})
        began = time.monotonic()
        assert not enqueue.send_ticket()
        assert time.monotonic() - began < 3


@pytest.mark.django_db(transaction=True)
def test_a_commit_stands_when_its_message_cannot_leave(through: Through) -> None:
    through("redis://127.0.0.1:9/0", {"socket_connect_timeout": 1})
    with transaction.atomic():
        enqueue.ticket_after_commit()
        enqueue.renditions_after_commit(uuid4())
