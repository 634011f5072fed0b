"""fal's queue asked over HTTP, with an answer that does not come whole: asked again, paid once."""

import pytest

from generations.models import GenerationRequest, Status
from generations.services import queueing, requests
from tests.generations.services.provider import Provider
from tests.generations.services.queue_steps import (
    PRICE,
    ask,
    look,
    look_until_over,
    store,
    submitted,
)
from tests.generations.services.steps import attempts, house_paid, run

TROUBLE: list[dict[str, object]] = [
    {"kind": "fails", "status": 500},
    {"kind": "fails", "status": 502},
    {"kind": "fails", "status": 503, "envelope": "html"},
    {"kind": "fails", "status": 504, "envelope": "empty"},
    {"kind": "fails", "status": 429, "retry_after": 1},
    {"kind": "fails", "status": 401},
    {"kind": "cut"},
    {"kind": "garbage"},
]
troubled = pytest.mark.parametrize(
    "trouble", TROUBLE, ids=lambda one: f"{one['kind']}{one.get('status', '')}"
)


def strike(provider: Provider, about: str, trouble: dict[str, object]) -> None:
    how = {name: value for name, value in trouble.items() if name != "kind"}
    provider.fault(f"fal_{about}_{trouble['kind']}", **how)


def waiting(provider: Provider) -> GenerationRequest:
    """One that waits in fal's queue for longer than anybody looks."""
    provider.fault("fal_wait", seconds=60, position=1)
    return look(submitted())


@troubled
def test_a_status_that_cannot_be_read_is_asked_for_again(
    provider: Provider, trouble: dict[str, object]
) -> None:
    request = submitted()
    strike(provider, "status", trouble)
    assert look(request).status == Status.SUBMITTED
    request = store(look_until_over(request))
    assert (request.status, attempts(request)) == (Status.SUCCEEDED, ["answered"])


@troubled
def test_a_result_that_cannot_be_fetched_is_fetched_later(
    provider: Provider, trouble: dict[str, object]
) -> None:
    request = submitted()
    strike(provider, "result", trouble)
    request = store(look_until_over(request))
    if trouble["kind"] == "garbage":  # It came whole, and holds no picture.
        assert (request.status, request.error_code) == (Status.FAILED, "unreadable")
        assert house_paid(request) == PRICE == provider.charged()
    else:
        assert (request.status, attempts(request)) == (Status.SUCCEEDED, ["answered"])


@troubled
def test_cancelling_is_asked_for_again_until_it_is_known_what_came_of_it(
    provider: Provider, trouble: dict[str, object]
) -> None:
    request = waiting(provider)
    assert requests.cancel(request=request) is False
    strike(provider, "cancel", trouble)
    request = look_until_over(request)
    assert (request.status, provider.charged()) == (Status.CANCELLED, 0)


def test_a_look_that_fails_keeps_no_other_from_its_turn(provider: Provider) -> None:
    first, second = run(ask("the first")), run(ask("the second"))
    provider.fault("fal_status_cut", match="the first", times=None)
    GenerationRequest.objects.update(due_at="2020-01-01T00:00Z")
    queueing.follow_due()
    assert store(look_until_over(second)).status == Status.SUCCEEDED
    assert look(first).status == Status.SUBMITTED
