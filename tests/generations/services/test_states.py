from collections.abc import Callable
from itertools import permutations, product
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from generations.models import OPEN, TERMINAL, GenerationRequest, Status
from generations.services import states
from generations.services.states import MOVES
from tests import factories

pytestmark = pytest.mark.django_db

ALL = sorted(product(Status, Status))
ALLOWED = [(leave, to) for leave, to in ALL if to in MOVES[leave]]
REFUSED = [(leave, to) for leave, to in ALL if to not in MOVES[leave]]
WITH_A_LEASE: dict[str, Any] = {"lease_until": states.NOW}


@pytest.fixture
def request_in() -> Callable[[Status], GenerationRequest]:
    def make(status: Status) -> GenerationRequest:
        made = factories.request()
        changes: dict[str, Any] = {"status": status, "lease_until": Now()}
        if status in TERMINAL:
            changes["finished_at"] = Now()
        GenerationRequest.objects.filter(pk=made.pk).update(**changes)
        return made

    return make


def status_of(request: GenerationRequest) -> str:
    return GenerationRequest.objects.values_list("status", flat=True).get(pk=request.pk)


@pytest.mark.parametrize(("leave", "to"), ALLOWED)
def test_every_move_in_the_table_can_be_made(
    request_in: Callable[[Status], GenerationRequest], leave: Status, to: Status
) -> None:
    request = request_in(leave)
    assert states.move(request.pk, leave=[leave], to=to, **WITH_A_LEASE)
    request.refresh_from_db()
    assert request.status == to
    assert (request.finished_at is not None) == (to in TERMINAL)


@pytest.mark.parametrize(("leave", "to"), REFUSED)
def test_every_other_move_is_a_mistake_of_the_caller(
    request_in: Callable[[Status], GenerationRequest], leave: Status, to: Status
) -> None:
    request = request_in(leave)
    with pytest.raises(ValueError, match="not a move"):
        states.move(request.pk, leave=[leave], to=to)
    assert status_of(request) == leave


@pytest.mark.parametrize(("leave", "to"), sorted(product(TERMINAL, OPEN)))
def test_the_database_itself_lets_nothing_leave_an_end(
    request_in: Callable[[Status], GenerationRequest], leave: Status, to: Status
) -> None:
    request = request_in(leave)
    with pytest.raises(IntegrityError, match="cannot become"), transaction.atomic():
        GenerationRequest.objects.filter(pk=request.pk).update(
            status=to, finished_at=None, lease_until=Now()
        )
    assert status_of(request) == leave


@pytest.mark.parametrize(("leave", "to"), sorted(permutations(TERMINAL, 2)))
def test_the_database_lets_no_end_become_another(
    request_in: Callable[[Status], GenerationRequest], leave: Status, to: Status
) -> None:
    request = request_in(leave)
    with pytest.raises(IntegrityError, match="cannot become"):
        GenerationRequest.objects.filter(pk=request.pk).update(status=to)


def test_an_end_may_still_be_explained_better(
    request_in: Callable[[Status], GenerationRequest],
) -> None:
    request = request_in(Status.FAILED)
    GenerationRequest.objects.filter(pk=request.pk).update(error_detail="more words")


def test_a_row_that_moved_on_meanwhile_is_not_moved(
    request_in: Callable[[Status], GenerationRequest],
) -> None:
    request = request_in(Status.CANCELLED)
    assert not states.move(request.pk, leave=[Status.QUEUED], to=Status.SENDING, **WITH_A_LEASE)
    assert status_of(request) == Status.CANCELLED


def test_a_row_with_another_fence_is_not_moved(
    request_in: Callable[[Status], GenerationRequest],
) -> None:
    request = request_in(Status.SENDING)
    assert not states.move(request.pk, leave=[Status.SENDING], to=Status.ANSWERED, fence=7)
    assert status_of(request) == Status.SENDING


def test_only_an_answered_request_succeeds() -> None:
    assert [leave for leave, moves in MOVES.items() if Status.SUCCEEDED in moves] == [
        Status.ANSWERED
    ]


def test_what_may_have_run_is_queued_again_from_three_states_only() -> None:
    unsent = {Status.AWAITING_APPROVAL, Status.QUEUED}
    assert {leave for leave, moves in MOVES.items() if Status.QUEUED in moves} - unsent == {
        Status.SENDING,
        Status.SUBMITTED,  # its provider's queue says that it did not run
        Status.UNCONFIRMED,
    }


def test_what_waits_for_approval_is_queued_or_ended_and_never_sent() -> None:
    assert MOVES[Status.AWAITING_APPROVAL] == {Status.QUEUED, Status.CANCELLED}


def test_every_state_has_its_moves_and_ends_have_none() -> None:
    assert MOVES.keys() == set(Status)
    assert {status for status, moves in MOVES.items() if not moves} == TERMINAL


@pytest.mark.wrong_books
@pytest.mark.django_db(transaction=True)
def test_watchers_hear_of_a_move_at_commit_and_of_no_other() -> None:
    request = factories.request()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN darkroom_requests")
        with pytest.raises(RuntimeError), transaction.atomic():
            states.move(request.pk, leave=[Status.QUEUED], to=Status.CANCELLED)
            raise RuntimeError
        assert list(heard()) == []
        states.move(request.pk, leave=[Status.QUEUED], to=Status.CANCELLED)
        assert [str(request.pk) in payload for payload in heard()] == [True]


def heard() -> list[str]:
    """What this connection was notified of."""
    listening = connection.connection
    return [notice.payload for notice in listening.notifies(timeout=0.1)]
