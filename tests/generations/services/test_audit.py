"""Ended requests and their holds, told apart by what nobody's code could have done."""

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.services import ledger
from generations.models import GenerationRequest, Status
from generations.services import audit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def force(request: GenerationRequest, status: Status) -> None:
    """Put a request where the engine would not, without its hold."""
    GenerationRequest.objects.filter(pk=request.pk).update(status=status, finished_at=Now())


def problems() -> list[str]:
    return audit.check_ledger().problems


def test_requests_and_holds_that_agree_are_sound() -> None:
    factories.succeeded()
    factories.request()
    assert problems() == []


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_an_ended_request_with_a_waiting_hold_is_said(status: Status) -> None:
    request = factories.request()
    force(request, status)
    assert problems() == [f"Request {request.pk}: {status}, but its hold is pending"]


def test_an_open_request_without_its_hold_is_said() -> None:
    request = factories.request()
    ledger.release(hold=request.hold_id)
    assert problems() == [f"Request {request.pk}: queued, but its hold is released"]


def test_a_charge_without_success_is_said() -> None:
    request = factories.request()
    ledger.capture(hold=request.hold_id, amount=1)
    force(request, Status.FAILED)
    assert problems() == [f"Request {request.pk}: failed, but its hold is captured"]


def test_what_the_ledger_itself_gets_wrong_is_said_too() -> None:
    factories.request()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_creditaccount SET posted = posted + 1 WHERE kind = 'team'")
    assert any("posted is" in problem for problem in problems())
