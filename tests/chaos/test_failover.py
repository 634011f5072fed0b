"""What a provider does not take, the other one makes: where the team allows it, and only then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.conftest import QUICK
from tests.chaos.evidence import FLUX, REALISM, Evidence
from tests.generations.sandbox.running import sandbox
from tests.instance import running

pytestmark = [pytest.mark.process, pytest.mark.slow]

ALLOWED, WAITS = 0, 1  # teams
ALLOW = "UPDATE accounts_team SET allow_failover = true WHERE slug = 'studio'"
OPEN = """
INSERT INTO generations_circuit (provider, model, because, probes, probe_at)
VALUES ('{provider}', '{model}', 'unavailable', 0, now() + interval '1 hour')
ON CONFLICT (provider, model) DO UPDATE SET probe_at = excluded.probe_at
"""
CLOSE = "DELETE FROM generations_circuit"
CAPTURED = """
SELECT hold.captured FROM generations_generationrequest r JOIN accounts_hold hold
ON hold.id = r.hold_id WHERE starts_with(r.prompt, '{prompt}')
"""
SMALL_THERE = 2_500_000  # microcredits for one small image of FLUX at fal


@pytest.fixture(scope="module")
def darkroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    with running(Path(tmp_path_factory.mktemp("failover")), **QUICK) as instance:
        evidence = Evidence(instance, teams=2)
        evidence.sql(ALLOW)
        yield evidence
        evidence.close()


@pytest.fixture
def unreachable(tmp_path: Path) -> Iterator[Evidence]:
    """A Darkroom that no connection to AIML API succeeds for."""
    with sandbox() as fal:
        addresses = dict.fromkeys(
            ["FAL_QUEUE_BASE_URL", "FAL_REST_BASE_URL", "FAL_API_BASE_URL"], fal.url
        )
        keys = {"AIMLAPI_KEY": "sandbox", "FAL_KEY": "sandbox:sandbox"}
        others = {
            "AIMLAPI_BASE_URL": "http://127.0.0.1:9",
            "FAL_JWKS_URL": f"{fal.url}/.well-known/jwks.json",
            "PROVIDER_RESULT_HOSTS": f"127.0.0.1:{fal.port}",
        }
        with running(tmp_path, **QUICK, **addresses, **keys, **others) as instance:
            instance.sandbox_port = fal.port
            evidence = Evidence(instance, teams=2)
            evidence.sql(ALLOW)
            yield evidence
            evidence.close()


def ended(darkroom: Evidence, prompt: str) -> set[tuple[str, str]]:
    return {(row.status, row.provider) for row in darkroom.rows(prompt)}


def captured(darkroom: Evidence, prompt: str) -> set[int]:
    return {amount for (amount,) in darkroom.sql(CAPTURED.format(prompt=prompt))}


def calls(darkroom: Evidence, prompt: str) -> int:
    """How many calls for these requests reached a provider and were charged."""
    ids = {row.id for row in darkroom.rows(prompt)}
    return sum(
        str(call["client_request_id"]).partition(".")[0] in ids and call["credits"] > 0
        for call in darkroom.calls()
    )


def test_a_provider_that_cannot_be_reached_is_replaced_within_moments(
    unreachable: Evidence,
) -> None:
    unreachable.ask("made elsewhere", count=6, team=ALLOWED)
    unreachable.ask("waits", team=WAITS)
    unreachable.wait_for_status("made elsewhere", "succeeded", seconds=60)
    assert ended(unreachable, "made elsewhere") == {("succeeded", "fal")}
    assert captured(unreachable, "made elsewhere") == {SMALL_THERE}
    assert calls(unreachable, "made elsewhere") == 6
    assert ended(unreachable, "waits") <= {("queued", "aimlapi"), ("sending", "aimlapi")}
    unreachable.wait_until(lambda: unreachable.cancel("waits") == "cancelled")
    unreachable.wait_for_the_end()


def test_an_account_that_is_empty_has_requests_made_elsewhere_or_lets_them_wait(
    darkroom: Evidence,
) -> None:
    darkroom.order_fault("status", match="no credits", status=403, times=1)
    darkroom.ask("no credits, the first", team=ALLOWED)
    darkroom.wait_for_status("the first", "succeeded")
    assert (darkroom.row("the first").provider, darkroom.row("the first").attempts) == ("fal", 2)
    darkroom.ask("credits of the others", count=8, team=ALLOWED)
    darkroom.ask("not allowed", team=WAITS)
    darkroom.wait_for_status("credits of the others", "succeeded")
    assert ended(darkroom, "credits of the others") == {("succeeded", "fal")}
    assert captured(darkroom, "credits of the others") == {SMALL_THERE}
    assert calls(darkroom, "credits of the others") == 8
    assert (darkroom.row("not allowed").status, darkroom.row("not allowed").attempts) == (
        "queued",
        0,
    )
    darkroom.sql(CLOSE)
    darkroom.wait_for_the_end()
    assert ended(darkroom, "not allowed") == {("succeeded", "aimlapi")}
    darkroom.check()


def test_a_provider_that_is_busy_again_and_again_is_replaced(darkroom: Evidence) -> None:
    darkroom.order_fault("status", match="too busy", status=429, retry_after=3, times=3)
    darkroom.ask("too busy", team=ALLOWED)
    darkroom.wait_for_the_end()
    row = darkroom.row("too busy")
    assert (row.status, row.provider, row.attempts) == ("succeeded", "fal", 4)
    assert captured(darkroom, "too busy") == {SMALL_THERE}
    darkroom.check()


def test_what_may_have_run_is_never_made_elsewhere(darkroom: Evidence) -> None:
    darkroom.order_fault("drop_after", match="may have run")
    darkroom.ask("may have run", team=ALLOWED)
    darkroom.wait_for_status("may have run", "unconfirmed")
    darkroom.sql(OPEN.format(provider="aimlapi", model=FLUX))
    darkroom.wait_for_the_end()
    row = darkroom.row("may have run")
    assert (row.status, row.provider, row.attempts) == ("failed", "aimlapi", 1)
    darkroom.sql(CLOSE)
    darkroom.check()


def test_what_a_provider_accepted_is_never_made_elsewhere(darkroom: Evidence) -> None:
    darkroom.order_fault("fal_wait", match="accepted", seconds=4)
    darkroom.ask("accepted", team=ALLOWED, model=REALISM)
    darkroom.wait_for_status("accepted", "submitted")
    darkroom.sql(OPEN.format(provider="fal", model=REALISM))
    darkroom.wait_for_the_end()
    row = darkroom.row("accepted")
    assert (row.status, row.provider, row.attempts) == ("succeeded", "fal", 1)
    darkroom.sql(CLOSE)
    darkroom.check()
