import time
import uuid
from datetime import UTC, datetime, timedelta

from config.ids import first_uuid7, uuid7


def test_an_id_is_a_version_7_uuid_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after


def test_ids_sort_by_the_time_they_were_made() -> None:
    first = uuid7()
    time.sleep(0.002)
    assert first < uuid7()


def test_no_two_ids_are_alike() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_a_moment_has_a_least_id() -> None:
    second = timedelta(seconds=1)
    now = datetime.now(UTC)
    assert first_uuid7(now - second) < uuid7() < first_uuid7(now + second)
    assert first_uuid7(now).version == 7
