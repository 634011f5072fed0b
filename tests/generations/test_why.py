"""That no status and no reason that the services write is without its two sentences."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from config.paths import BASE
from generations.batches import WAITING_FOR_STORE
from generations.failures import FAILURES
from generations.models import Circuit, GenerationRequest, Status
from generations.providers.errors import ErrorKind
from generations.services import approvals, recovery, storing
from generations.why import HAPPENED, LOST_SUBMIT, WHY, explain, when

KINDS_STAY_WITH = (Status.QUEUED, Status.UNCONFIRMED, Status.FAILED)


def asked(status: str, code: str = "", *, provider: str = "aimlapi") -> GenerationRequest:
    now = timezone.now()
    return GenerationRequest(
        status=status, error_code=code, provider=provider, due_at=now, lease_until=now
    )


def written_codes() -> set[str]:
    """Every reason that a service names: as `code`, or as `error_code`."""
    found: set[str] = set()
    for path in (BASE / "generations/services").glob("*.py"):
        found |= set(_codes_in(path))
    return found - {""}


def _codes_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword) and node.arg in {"code", "error_code"}:
            yield from _words(node.value)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            yield from _words(node.value)


def _words(value: ast.expr) -> Iterator[str]:
    ends = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    return (str(one.value) for one in ends if isinstance(one, ast.Constant))


def test_every_reason_that_a_service_writes_is_in_the_table() -> None:
    named = written_codes() | {recovery.ABSENT, approvals.DECLINED, *WAITING_FOR_STORE}
    assert set(storing.WAITS_FOR.values()) <= set(WAITING_FOR_STORE)
    assert {"worker_died", "not_taken", "unclear", "lost", "blocked", "not_run"} <= named
    assert named - {code for _, code in WHY} == set()


@pytest.mark.parametrize("status", KINDS_STAY_WITH)
@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_of_provider_error_has_its_own_words(status: Status, kind: ErrorKind) -> None:
    assert explain(asked(status, kind)).because.startswith(HAPPENED[kind])


def test_every_failure_that_its_author_is_told_of_is_explained_to_operators_too() -> None:
    told = {code for status, code in WHY if status in {Status.FAILED, Status.CANCELLED}}
    assert set(FAILURES) - told == set()


@pytest.mark.parametrize("status", Status)
def test_every_status_with_any_reason_is_two_whole_sentences(status: Status) -> None:
    for code in {code for _, code in WHY} | {"never heard of"}:
        for provider in ("aimlapi", "fal"):
            why = explain(asked(status, code, provider=provider))
            assert why.because.endswith(".")
            assert why.next.endswith(".")
            assert "{" not in why.because + why.next


def test_a_queued_request_waits_for_its_open_circuit() -> None:
    circuit = Circuit(provider="aimlapi", because="no_credits", probe_at=timezone.now())
    why = explain(asked(Status.QUEUED, "rate_limited"), circuit)
    assert (
        why.because == "The circuit is open: the provider's account is empty, the owners were told."
    )
    nowhere = Circuit(provider="", because="disk", probe_at=timezone.now())
    why = explain(asked(Status.QUEUED), nowhere)
    assert why.because.startswith("Nothing is sent to anybody: there is no room")


def test_an_unclear_submit_to_a_queue_waits_for_its_webhook_alone() -> None:
    assert (
        explain(asked(Status.UNCONFIRMED, "timeout", provider="fal"))
        == WHY[Status.UNCONFIRMED, LOST_SUBMIT]
    )


def test_a_time_is_said_from_now() -> None:
    later = timezone.now() + timedelta(days=2)
    assert when(None) == when(timezone.now()) == "in a moment"
    assert f"{later:%H:%M:%S}, {later.day} " in when(later)
