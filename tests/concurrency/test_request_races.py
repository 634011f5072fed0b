"""Many at one request at once. Each guard has a twin without it, which shows the race."""

from collections.abc import Callable, Iterator
from functools import partial
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.models import Hold, Team
from accounts.services import ledger
from generations.errors import IdempotencyKeyReused, TooLateToCancel
from generations.models import Attempt, GenerationRequest, Image, Status
from generations.services import (
    audit,
    claiming,
    failover,
    leases,
    outcomes,
    records,
    recovery,
    requests,
    settling,
    storing,
)
from tests import factories
from tests.accounts.race import meeting, together
from tests.factories import PRICE
from tests.generations.services import handing
from tests.generations.services.handing import HERE, THERE

pytestmark = pytest.mark.django_db(transaction=True)

CLAIMERS = 16


@pytest.fixture(autouse=True)
def _the_books_agree() -> Iterator[None]:
    yield
    assert audit.check_ledger().problems == []


@pytest.fixture
def team() -> Team:
    return factories.team()


def submit(team: Team, key: UUID, prompt: str = "A fox") -> UUID:
    made = factories.request(of=team, prompt=prompt, key=key)
    assert isinstance(made.pk, UUID)
    return made.pk


# Submitting.


@pytest.mark.parametrize("room", [100, 1])
def test_a_key_said_by_fifty_at_once_is_one_request_and_one_hold(room: int) -> None:
    team, key = factories.team(amount=room * PRICE), uuid4()
    made = together(*[partial(submit, team, key)] * 50)
    assert set(made) == {GenerationRequest.objects.get().pk}
    assert Hold.objects.count() == 1
    assert ledger.balance(team=team).held == PRICE


def test_a_key_said_at_once_with_other_content_is_refused(team: Team) -> None:
    key = uuid4()
    made = together(partial(submit, team, key, "A fox"), partial(submit, team, key, "An owl"))
    assert {type(one) for one in made} == {UUID, IdempotencyKeyReused}
    assert ledger.balance(team=team).held == PRICE


@pytest.fixture
def no_constraint() -> Iterator[None]:
    """The key of a request is not unique; at the end it is again."""
    (constraint,) = [
        one for one in GenerationRequest._meta.constraints if one.name == "request_once_per_key"
    ]
    with connection.schema_editor() as editor:
        editor.remove_constraint(GenerationRequest, constraint)
    yield
    GenerationRequest.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(GenerationRequest, constraint)


@pytest.mark.usefixtures("no_constraint")
def test_without_its_constraint_a_double_click_is_two_requests(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: both clicks look for the key before either is written."""
    monkeypatch.setattr(requests, "_same", meeting(requests._same))
    together(*[partial(submit, team, uuid4())] * 2)
    assert GenerationRequest.objects.count() == 2


def test_with_its_constraint_the_same_double_click_is_one_request(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "_same", meeting(requests._same))
    made = together(*[partial(submit, team, uuid4())] * 2)
    assert set(made) == {GenerationRequest.objects.get().pk}


def test_teams_with_room_for_ten_queue_ten(team: Team) -> None:
    poor = factories.team(amount=10 * PRICE)
    made = together(*[partial(submit, poor, uuid4()) for _ in range(CLAIMERS * 2)])
    assert len([one for one in made if isinstance(one, UUID)]) == 10
    assert GenerationRequest.objects.count() == 10


# Claiming.


def claim() -> UUID | None:
    attempt = claiming.claim()
    return attempt.request_id if attempt else None


@pytest.mark.parametrize("teams", [1, 4, CLAIMERS])
def test_as_many_claimers_as_requests_claim_each_another_one(teams: int) -> None:
    queued = {
        factories.request(of=team).pk
        for team in [factories.team() for _ in range(teams)]
        for _ in range(CLAIMERS // teams)
    }
    assert set(together(*[claim] * CLAIMERS)) == queued
    assert Attempt.objects.count() == CLAIMERS


def test_more_claimers_than_requests_find_nothing_more(team: Team) -> None:
    queued = {factories.request(of=team).pk for _ in range(3)}
    claimed = together(*[claim] * CLAIMERS)
    assert claimed.count(None) == CLAIMERS - 3
    assert set(claimed) == {*queued, None}


def test_claiming_without_locks_sends_a_request_twice(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the row is chosen without a lock and taken without a second look."""
    careless = claiming.CLAIM.replace("FOR UPDATE SKIP LOCKED", "").replace(
        "AND request.status = 'queued'", ""
    )
    monkeypatch.setattr(claiming, "CLAIM", careless)
    monkeypatch.setattr(claiming, "_statement", claiming._statement.__wrapped__)
    factories.request(of=team)
    both = Barrier(2)
    monkeypatch.setattr(leases, "OWNER", "twin")

    def claim_slowly() -> UUID | None:
        both.wait()
        return claim()

    for _ in range(20):
        claimed = together(claim_slowly, claim_slowly)
        if None not in claimed:
            break
        GenerationRequest.objects.update(status=Status.QUEUED)
    assert claimed[0] == claimed[1] is not None


# Cancelling while somebody claims.


def test_a_request_is_cancelled_or_sent_and_never_both(team: Team) -> None:
    for _ in range(8):
        request = factories.request(of=team)
        cancelled, claimed = together(partial(requests.cancel, request=request), claim)
        request.refresh_from_db()
        if cancelled is True:
            assert (request.status, claimed) == (Status.CANCELLED, None)
        else:
            assert isinstance(cancelled, TooLateToCancel)
            assert request.status == Status.SENDING
    assert Attempt.objects.count() == GenerationRequest.objects.filter(status="sending").count()


# Handing over while somebody claims, or cancels.


@pytest.mark.parametrize("end", [claim, None])
def test_a_request_is_handed_over_or_taken_and_its_call_is_at_one_provider(
    end: Callable[[], UUID | None] | None,
) -> None:
    team = handing.team()
    for _ in range(12):
        request = handing.ask(team)
        GenerationRequest.objects.filter(pk=request.pk).update(tries=failover.REFUSALS)
        other = end or partial(requests.cancel, request=request)
        assert together(failover.move_over, other)[0] is None
        request.refresh_from_db()
        for attempt in request.attempts.all():
            assert (attempt.provider, request.status) == (request.provider, Status.SENDING)
        moved = (request.model, request.provider, request.alternative, request.moved_from)
        if moved != (THERE, "fal", "", HERE):
            assert moved == (HERE, "aimlapi", THERE, "")
        if request.status == Status.QUEUED:
            requests.cancel(request=request)
    assert Attempt.objects.count() == GenerationRequest.objects.filter(status="sending").count()


def test_two_sweepers_hand_a_request_over_once() -> None:
    request = handing.ask()
    GenerationRequest.objects.filter(pk=request.pk).update(tries=failover.REFUSALS)
    assert together(*[failover.move_over] * 6) == [None] * 6
    request.refresh_from_db()
    assert (request.model, request.moved_from) == (THERE, HERE)
    assert request.would_have_cost == handing.PRICE_HERE


# Ending.


def answered() -> GenerationRequest:
    pictures = [factories.picture(), factories.picture(shade="tomato")]
    return factories.answered(raw=factories.answer(*pictures)).request


def test_many_workers_finish_one_request_once() -> None:
    request = answered()
    together(*[partial(storing.finish, request.pk)] * 8)
    request.refresh_from_db()
    assert request.status == Status.SUCCEEDED
    assert request.hold.captured == PRICE
    assert [image.status for image in request.images.all()] == ["stored"] * 2


def test_of_many_workers_one_takes_up_what_was_left() -> None:
    request = answered()
    GenerationRequest.objects.filter(pk=request.pk).update(lease_until=Now())
    taken = together(*[partial(leases.take, request.pk)] * 8)
    assert taken.count(request.pk) == 1


def test_finishing_and_giving_up_at_once_end_a_request_one_way() -> None:
    for _ in range(4):
        attempt = factories.answered()
        request = attempt.request
        ends: list[Callable[[], object]] = [
            partial(storing.finish, request.pk),
            partial(settling.fail, request=request, attempt=attempt, code="unclear"),
        ]
        given_up = together(*ends * 8).count(True)
        request.refresh_from_db()
        ended = (request.status, request.hold.state, request.hold.captured)
        failed, succeeded = ("failed", "released", 0), ("succeeded", "captured", PRICE)
        assert ended == (failed if given_up else succeeded)
        assert given_up <= 1
        assert Image.objects.filter(request=request).count() <= 1


def test_a_late_answer_and_the_sweepers_decision_leave_one_truth() -> None:
    for _ in range(6):
        attempt = factories.sent()
        GenerationRequest.objects.filter(pk=attempt.request_id).update(
            status=Status.UNCONFIRMED, lease_until=None, error_code=recovery.ABSENT
        )
        Attempt.objects.filter(pk=attempt.pk).update(sent_at="2020-01-01T00:00Z")
        attempt.refresh_from_db()
        unclear = GenerationRequest.objects.select_related("hold").get(pk=attempt.request_id)
        accepted, _ = together(
            partial(outcomes.record_answer, attempt, factories.answer()),
            partial(recovery.decide, unclear, attempt, None, at=records.database_time()),
        )
        unclear.refresh_from_db()
        assert unclear.status == (Status.ANSWERED if accepted is True else Status.QUEUED)
        if unclear.status == Status.QUEUED:
            requests.cancel(request=unclear)
