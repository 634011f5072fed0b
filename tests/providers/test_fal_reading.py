import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.providers import fal_billing, fal_reading
from generations.providers.base import Stage
from generations.providers.errors import ProviderError, UnreadableAnswer
from generations.providers.redaction import Redactor
from tests.providers.fal import ID, raw, submission
from tests.providers.servers import KEY, PROMPT

REDACTOR = Redactor(key=KEY, prompt=PROMPT)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
NAMES = st.sampled_from(
    [
        *("status", "request_id", "status_url", "response_url", "cancel_url", "queue_position"),
        *("logs", "message", "billing_events", "has_more", "next_cursor", "timestamp"),
    ]
)
DOCUMENTS = st.recursive(
    SCALARS | st.sampled_from(["IN_QUEUE", "COMPLETED", "https://queue.fal.run/x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)
BODIES = DOCUMENTS.map(json.dumps) | st.text(max_size=60)


def test_a_submission_is_read_whole() -> None:
    found = fal_reading.read_submission(raw(submission()))
    assert (found.request_id, found.position) == (ID, 2)
    assert found.status_url.endswith(f"/requests/{ID}/status")


@pytest.mark.parametrize(
    "changes",
    [
        {"request_id": ""},
        {"request_id": "a b"},
        {"request_id": "x" * 200},
        {"status_url": None},
        {"cancel_url": "ftp://queue.fal.run/x"},
        {"response_url": "https://queue.fal.run/" + "x" * 500},
    ],
)
def test_a_submission_without_a_usable_address_is_unreadable(changes: dict[str, object]) -> None:
    with pytest.raises(UnreadableAnswer):
        fal_reading.read_submission(raw(submission() | changes))


@pytest.mark.parametrize("position", [None, -1, True, "2", 2**40])
def test_a_strange_position_is_none(position: object) -> None:
    assert fal_reading.read_submission(raw(submission(queue_position=position))).position is None


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"status": "COMPLETED", "error": "Invalid status code: 503"}, 503),
        ({"status": "COMPLETED", "error": "It broke"}, None),
        ({"status": "COMPLETED", "error": None}, None),
        ({"status": "IN_PROGRESS", "error": "Invalid status code: 503"}, None),
    ],
)
def test_what_is_done_and_failed_says_with_which_status(
    said: dict[str, object], status: int | None
) -> None:
    assert fal_reading.read_progress(raw(said), REDACTOR).failed_with == status


@given(body=BODIES, status=st.integers(200, 599))
def test_whatever_is_said_is_read_or_doubted_and_nothing_else(body: str, status: int) -> None:
    said = raw(body, status=status)
    for read in (
        fal_reading.read_submission,
        fal_reading.read_cancellation,
        fal_billing.read_page,
        lambda one: fal_reading.read_progress(one, REDACTOR),
    ):
        with contextlib.suppress(ProviderError):
            assert read(said)


@given(stage=st.sampled_from(["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]), logs=DOCUMENTS)
def test_a_status_with_any_logs_is_read(stage: str, logs: object) -> None:
    found = fal_reading.read_progress(raw({"status": stage, "logs": logs}), REDACTOR)
    assert found.stage in Stage
    assert len(found.words) <= fal_reading.LONGEST_WORDS


@pytest.mark.parametrize(
    ("header", "units"),
    [("4", Decimal(4)), ("0.7864", Decimal("0.7864")), (" 1 ", Decimal(1)), ("0", Decimal(0))],
)
def test_billable_units_are_read_exactly(header: str, units: Decimal) -> None:
    assert fal_reading.read_units(raw({}, x_fal_billable_units=header)) == units


@given(header=st.text(max_size=20) | st.sampled_from(["NaN", "Infinity", "-1", "1e99", ""]))
def test_anything_else_is_not_known(header: str) -> None:
    units = fal_reading.read_units(raw({}, x_fal_billable_units=header))
    assert units is None or 0 <= units <= fal_reading.MOST_UNITS


def test_unknown_is_not_nothing() -> None:
    assert fal_reading.read_units(raw({})) is None
