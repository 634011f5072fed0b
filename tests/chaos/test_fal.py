"""fal's queue outlives our workers: what waits there is nobody's, and is found by whoever comes."""

import os
import signal
from collections.abc import Mapping

import pytest

from tests.chaos.evidence import REALISM, Evidence

pytestmark = [pytest.mark.process, pytest.mark.slow]
HOOKS: dict[str, dict[str, object]] = {
    "told early": {"fault": "hook_early"},
    "told twice": {"fault": "hook_twice"},
    "told by a forger": {"fault": "hook_forged"},
    "told long after": {"fault": "hook_old"},
    "told with another key": {"fault": "hook_rotated"},
    "never told": {"fault": "hook_never"},
}
# Looks at what waits in fal's queue, and at its result, that bring nothing.
LOOKS: dict[str, dict[str, object]] = {
    "status 500": {"fault": "fal_status_fails", "status": 500},
    "status 502": {"fault": "fal_status_fails", "status": 502},
    "status 429": {"fault": "fal_status_fails", "status": 429},
    "status cut": {"fault": "fal_status_cut"},
    "status torn": {"fault": "fal_status_garbage"},
    "result 500": {"fault": "fal_result_fails", "status": 500},
    "result 504": {"fault": "fal_result_fails", "status": 504, "envelope": "html"},
    "result 401": {"fault": "fal_result_fails", "status": 401},
    "result cut": {"fault": "fal_result_cut"},
}
CANCELS: dict[str, dict[str, object]] = {
    "drop 500": {"fault": "fal_cancel_fails", "status": 500},
    "drop cut": {"fault": "fal_cancel_cut"},
    "drop torn": {"fault": "fal_cancel_garbage"},
}


def ask_each(darkroom: Evidence, faults: Mapping[str, Mapping[str, object]]) -> None:
    """One request under each of these names, which meets that fault."""
    darkroom.order_faults([{**fault, "match": name} for name, fault in faults.items()])
    for name in faults:
        darkroom.ask(name, model=REALISM)


def each_is_answered_once(darkroom: Evidence, faults: Mapping[str, object]) -> None:
    darkroom.wait_for_the_end()
    ended = {row.prompt: (row.status, row.attempts) for row in darkroom.rows()}
    assert {name: ended[name] for name in faults} == dict.fromkeys(faults, ("succeeded", 1))
    darkroom.check()


def test_a_worker_killed_while_fal_works_loses_nothing(darkroom: Evidence) -> None:
    darkroom.order_fault("fal_wait", match="meanwhile", seconds=4)
    darkroom.ask("killed meanwhile", model=REALISM)
    darkroom.wait_for_status("meanwhile", "submitted")
    darkroom.kill("generate")
    darkroom.wait_for_the_end()
    row = darkroom.row("meanwhile")
    assert (row.status, row.attempts, row.stored) == ("succeeded", 1, 1)
    darkroom.check()


def test_a_worker_killed_during_the_submit_leaves_it_to_the_webhook(darkroom: Evidence) -> None:
    darkroom.order_fault("hook_early", match="unheard")
    darkroom.order_fault("delay", match="unheard", seconds=4)
    darkroom.ask("unheard answer", model=REALISM)
    darkroom.wait_until_sent("unheard")
    darkroom.kill("generate")
    darkroom.wait_for_the_end()
    row = darkroom.row("unheard")
    assert (row.status, row.attempts, row.stored) == ("succeeded", 1, 1)
    darkroom.check()


def test_a_web_process_that_is_away_is_told_again(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="nobody home", seconds=2)
    darkroom.ask("nobody home", model=REALISM)
    darkroom.wait_for_status("nobody home", "submitted")
    for pid in darkroom.instance.pids("uvicorn"):
        os.kill(pid, signal.SIGKILL)
    darkroom.wait_for_the_end()
    assert darkroom.row("nobody home").status == "succeeded"
    darkroom.check()


def test_whatever_becomes_of_its_webhooks_each_request_is_answered_once(
    darkroom: Evidence,
) -> None:
    darkroom.order_fault("keys_status", status=503)
    ask_each(darkroom, HOOKS)
    each_is_answered_once(darkroom, HOOKS)


def test_whatever_becomes_of_a_look_at_its_queue_each_request_is_answered_once(
    darkroom: Evidence,
) -> None:
    unheard = [name for name in LOOKS if name.startswith("status")]
    darkroom.order_faults([{"fault": "hook_never", "match": name} for name in unheard])
    ask_each(darkroom, LOOKS)
    each_is_answered_once(darkroom, LOOKS)


def test_what_waits_at_fal_is_cancelled_once_whatever_becomes_of_the_asking(
    darkroom: Evidence,
) -> None:
    darkroom.order_faults([{**fault, "match": name} for name, fault in CANCELS.items()])
    darkroom.order_fault("fal_wait", match="drop", seconds=300, position=3, times=9)
    for name in ["drop me", *CANCELS]:
        darkroom.ask(name, model=REALISM)
        darkroom.wait_for_status(name, "submitted")
        assert darkroom.cancel(name) == "asked for"
    darkroom.wait_for_the_end()
    dropped = darkroom.rows("drop")
    assert {(row.status, row.attempts, row.booked) for row in dropped} == {("cancelled", 1, 0)}
    darkroom.check()


def test_what_may_be_at_fal_is_past_cancelling(darkroom: Evidence) -> None:
    darkroom.order_fault("hook_early", match="unclear")
    darkroom.order_fault("drop_after", match="unclear")
    darkroom.order_fault("delay", match="unclear", seconds=4)
    darkroom.ask("unclear submit", model=REALISM)
    darkroom.wait_for_status("unclear", "unconfirmed")
    assert darkroom.cancel("unclear submit") == "too late"
    darkroom.wait_for_the_end()
    assert (darkroom.row("unclear").status, darkroom.row("unclear").attempts) == ("succeeded", 1)
    darkroom.check()
