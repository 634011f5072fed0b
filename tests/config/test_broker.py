"""Messages as files, under the eyes of a reader and on a disk that is full."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.simple import SimpleQueue

from config.broker import Transport


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "control").mkdir()
    return tmp_path


@pytest.fixture
def queue(folder: Path) -> Iterator[SimpleQueue]:
    where = {"data_folder_in": str(folder), "data_folder_out": str(folder)}
    options = {**where, "control_folder": str(folder / "control"), "polling_interval": 0.01}
    with (
        Connection("filesystem://", transport=Transport, transport_options=options) as connection,
        connection.SimpleQueue(folder.name, no_ack=True) as made,
    ):
        yield made


def test_what_is_put_is_got_once(queue: SimpleQueue, folder: Path) -> None:
    queue.put({"run": "next"})
    assert queue.get(timeout=5).payload == {"run": "next"}
    assert list(folder.glob("*.msg")) == []


def test_a_torn_message_is_passed_over(queue: SimpleQueue, folder: Path) -> None:
    (folder / f"0_torn.{folder.name}.msg").write_text('{"body": "W1td')
    (folder / f"1_empty.{folder.name}.msg").touch()
    queue.put({"run": "next"})
    assert queue.get(timeout=5).payload == {"run": "next"}


def test_a_disk_without_room_is_a_broker_that_is_away_and_leaves_no_half(
    queue: SimpleQueue, folder: Path
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, before[1]))
    try:
        with pytest.raises(OperationalError):
            queue.put({"run": "x" * 10**6})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [*folder.glob("*.msg"), *folder.glob(".*.msg")] == []
