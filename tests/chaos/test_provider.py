"""A provider that fails in every way at once, that refuses our account, and that is too busy."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.conftest import QUICK
from tests.chaos.evidence import FLUX, Evidence
from tests.instance import running

pytestmark = [pytest.mark.process, pytest.mark.slow]

Rule = dict[str, object]

SCHNELL = "flux/schnell"
DEADLINE = {"PROVIDER_DEADLINE": "4", "WORKER_CONCURRENCY": "24", "SANDBOX_DELAY": "0.3"}
# What a call that ends so leaves: its request's state, and how many calls that took.
UNCLEAR: dict[str, tuple[Rule, tuple[str, int]]] = {
    "charged, and no answer in time": ({"fault": "delay", "seconds": 6}, ("failed", 1)),
    "charged, and cut": ({"fault": "drop_after"}, ("failed", 1)),
    "charged, and cut in half": ({"fault": "drop_after", "partial": True}, ("failed", 1)),
    "charged, a byte a second": ({"fault": "drip", "rate": 1.0}, ("failed", 1)),
    "charged, 500": ({"fault": "status", "status": 500, "charged": True}, ("failed", 1)),
    "charged, 502": ({"fault": "status", "status": 502, "charged": True}, ("failed", 1)),
    "charged, 504": ({"fault": "status", "status": 504, "charged": True}, ("failed", 1)),
    "charged, 524": ({"fault": "status", "status": 524, "charged": True}, ("failed", 1)),
    "charged, unreadable": ({"fault": "garbage"}, ("failed", 1)),
    "charged, 503": ({"fault": "status", "status": 503, "charged": True}, ("failed", 1)),
    "free, cut": ({"fault": "drop_before"}, ("succeeded", 2)),
    "free, 500": ({"fault": "status", "status": 500}, ("succeeded", 2)),
    "free, 502": ({"fault": "status", "status": 502}, ("succeeded", 2)),
    "free, 503": ({"fault": "status", "status": 503}, ("succeeded", 2)),
    "free, 504": ({"fault": "status", "status": 504}, ("succeeded", 2)),
    "free, 524": ({"fault": "status", "status": 524}, ("succeeded", 2)),
}
RESULTS: dict[str, tuple[Rule, str]] = {
    "gone": ({"fault": "file_status", "status": 404}, "failed"),
    "expired": ({"fault": "file_status", "status": 403}, "failed"),
    "bomb": ({"fault": "file_bomb"}, "succeeded"),  # refused, and fetched again
    "elsewhere": ({"fault": "file_redirect"}, "failed"),
    "a page": ({"fault": "file_html"}, "succeeded"),
    "torn": ({"fault": "file_truncated"}, "succeeded"),
    "without end": ({"fault": "file_oversized"}, "succeeded"),
    "broken off": ({"fault": "file_drop"}, "succeeded"),
    "away": ({"fault": "file_status", "status": 503}, "succeeded"),
}

REFUSED = "Subject: Darkroom cannot make images"
# The time of an open circuit's next probe has come.
PROBE_NOW = "UPDATE generations_circuit SET probe_at = now() WHERE probe_at > now()"
SLOWED = "SELECT slowed_to FROM generations_gate WHERE slowed_to IS NOT NULL"


@pytest.fixture(scope="module")
def darkroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    with running(Path(tmp_path_factory.mktemp("provider")), **QUICK | DEADLINE) as instance:
        evidence = Evidence(instance)
        yield evidence
        evidence.close()


def test_what_may_have_been_charged_is_never_sent_again(darkroom: Evidence) -> None:
    darkroom.order_faults([{**fault, "match": name} for name, (fault, _) in UNCLEAR.items()])
    for name in UNCLEAR:
        darkroom.ask(name)
    # Half of the calls failing opens the circuit: its probe is not waited for here.
    darkroom.wait_for_the_end(meanwhile=lambda: darkroom.sql(PROBE_NOW))
    ended = {row.prompt: (row.status, row.attempts) for row in darkroom.rows()}
    assert ended == {name: end for name, (_, end) in UNCLEAR.items()}
    darkroom.check()


def test_results_that_cannot_be_had_end_and_what_is_only_away_is_fetched(
    darkroom: Evidence,
) -> None:
    darkroom.order_faults([{**fault, "match": name} for name, (fault, _) in RESULTS.items()])
    media = darkroom.instance.pids("worker -Q media")
    for name in RESULTS:
        darkroom.ask(name)
    darkroom.wait_for_the_end(meanwhile=lambda: darkroom.sql(PROBE_NOW))
    ended = {row.prompt: row.status for row in darkroom.rows() if row.prompt in RESULTS}
    assert ended == {name: end for name, (_, end) in RESULTS.items()}
    assert darkroom.instance.pids("worker -Q media") == media
    darkroom.check()


def test_an_account_that_is_empty_leaves_the_rest_queued_and_is_told_once(
    darkroom: Evidence,
) -> None:
    darkroom.order_fault("status", match="no credits", status=403, times=50)
    darkroom.ask("no credits, the first", model=SCHNELL)
    darkroom.wait_for_status("the first", "failed")
    darkroom.ask("no credits, the others", count=10, model=SCHNELL)
    time.sleep(2)
    assert {(row.status, row.attempts) for row in darkroom.rows("the others")} == {("queued", 0)}
    darkroom.ask("another model goes on", model=FLUX)
    darkroom.wait_for_status("another model", "succeeded")
    assert len([line for line in darkroom.instance.lines if REFUSED in line]) == 1
    darkroom.forget_faults()
    darkroom.wait_for_the_end(meanwhile=lambda: darkroom.sql(PROBE_NOW))
    assert darkroom.statuses("the others") == {"succeeded"}
    darkroom.check()


def test_a_provider_that_is_too_busy_is_called_less_and_burns_no_request(
    darkroom: Evidence,
) -> None:
    darkroom.order_fault("status", match="busy", status=429, times=12)
    darkroom.ask("busy", count=10)
    darkroom.wait_until(lambda: bool(darkroom.sql(SLOWED)))
    assert darkroom.sql(SLOWED)[0][0] < 10
    darkroom.wait_for_the_end()
    assert darkroom.statuses("busy") == {"succeeded"}
    darkroom.check()
