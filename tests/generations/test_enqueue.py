"""Messages through the real transports; that they may be lost is the engine's own affair."""

import ast
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery
from celery.app import app_or_default
from django.db import transaction

from generations import enqueue

SENDERS: dict[str, Callable[[UUID], bool]] = {
    "ticket": lambda _: enqueue.send_ticket(),
    "finish": enqueue.finish,
    "renditions": enqueue.renditions,
}
Through = Callable[[str, Mapping[str, object]], None]


@pytest.fixture
def through() -> Iterator[Through]:
    """Messages go through this broker until the test ends."""
    usual = app_or_default()

    def use(url: str, options: Mapping[str, object]) -> None:
        app = Celery("elsewhere", broker=url)
        app.conf.broker_transport_options = dict(options)
        app.set_current()

    yield use
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


def test_what_no_worker_took_yet_is_counted(folder: Path) -> None:
    assert enqueue.waiting() == 0
    enqueue.send_ticket(), enqueue.finish(uuid4()), enqueue.renditions(uuid4())
    assert enqueue.waiting() == 2


def test_a_broker_that_is_away_counts_nothing(through: Through, folder: Path) -> None:
    folder.rmdir()
    assert enqueue.waiting() is None
    through("redis://127.0.0.1:9/0", REDIS)
    assert enqueue.waiting() is None


def test_more_tickets_than_wake_every_slot_do_not_add_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enqueue, "ENOUGH", 3)
    assert all(enqueue.send_ticket() for _ in range(5))
    assert enqueue.waiting() == 3


@pytest.mark.django_db(transaction=True)
def test_a_message_leaves_at_the_commit_and_not_after_a_rollback(folder: Path) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        enqueue.after_commit(enqueue.send_ticket)
        raise RuntimeError
    assert waiting(folder) == []
    with transaction.atomic():
        enqueue.after_commit(enqueue.send_ticket, enqueue.send_ticket)
        assert waiting(folder) == []
    assert len(waiting(folder)) == 2


@pytest.mark.parametrize("what", SENDERS)
def test_a_folder_that_is_gone_harms_nobody(folder: Path, what: str) -> None:
    folder.rmdir()
    folder.write_text("a file where the folder should be")
    assert not SENDERS[what](uuid4())


REDIS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "max_retries": 0}


@pytest.mark.parametrize("what", SENDERS)
def test_a_redis_that_is_away_harms_nobody(through: Through, what: str) -> None:
    through("redis://127.0.0.1:9/0", REDIS)
    assert not SENDERS[what](uuid4())


def test_a_redis_that_hangs_holds_nobody_up(through: Through) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        through(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", REDIS)
        began = time.monotonic()
        assert not enqueue.send_ticket()
        assert time.monotonic() - began < 0.9  # One patience, not one more to be told again.


def test_our_own_settings_wait_for_a_redis_no_longer(tmp_path: Path) -> None:
    program = "from django.conf import settings; print(settings.CELERY_BROKER_TRANSPORT_OPTIONS)"
    environment = {**os.environ, "REDIS_URL": "redis://127.0.0.1:9/0"}
    told = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    options = ast.literal_eval(told.stdout)
    assert options["max_retries"] == 0
    assert max(options["socket_timeout"], options["socket_connect_timeout"]) <= 2


@pytest.mark.django_db(transaction=True)
def test_of_many_messages_the_first_that_fails_is_the_last_that_is_tried(
    through: Through,
) -> None:
    through("redis://127.0.0.1:9/0", REDIS)
    tried: list[bool] = []

    def send() -> bool:
        tried.append(enqueue.send_ticket())
        return tried[-1]

    with transaction.atomic():
        enqueue.after_commit(*[send] * 5)
    assert tried == [False]
