from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from pytest_django import Settings

from accounts.models import CreditAccount, Hold, Team
from config.ids import uuid7
from generations.models import GenerationRequest, Priority, Status
from generations.services import claiming
from tests import factories

pytestmark = pytest.mark.django_db


def queue(*, of: Team, count: int = 1) -> list[GenerationRequest]:
    return [factories.request(of=of) for _ in range(count)]


def copy_often(one: GenerationRequest, count: int) -> None:
    """More requests like this one, in two statements."""
    account = CreditAccount.objects.get(team=one.team)
    holds = Hold.objects.bulk_create(
        Hold(account=account, reference=f"copy {number}", amount=1) for number in range(count)
    )
    copies = [copy(one) for _ in holds]
    for hold, made in zip(holds, copies, strict=True):
        made.pk, made.idempotency_key, made.hold = uuid7(), uuid7(), hold
    GenerationRequest.objects.bulk_create(copies)


def claimed() -> Team:
    attempt = claiming.claim()
    assert attempt is not None
    return attempt.request.team


def test_there_is_nothing_to_claim_where_nothing_waits() -> None:
    assert claiming.claim() is None


def test_a_claim_writes_down_the_attempt_before_anything_is_sent() -> None:
    request = factories.request()
    attempt = claiming.claim()
    assert attempt is not None
    attempt.refresh_from_db()
    request.refresh_from_db()
    assert (attempt.number, attempt.fence, attempt.state) == (1, 1, "sent")
    assert attempt.client_request_id == f"{request.pk}.1"
    assert (request.status, request.fence, request.attempt_count) == (Status.SENDING, 1, 1)
    assert request.lease_until is not None
    assert request.started_at is not None


def test_each_claim_of_a_request_raises_its_fence() -> None:
    request = factories.request()
    fences = []
    for _ in range(3):
        attempt = claiming.claim()
        assert attempt is not None
        fences.append((attempt.number, attempt.fence))
        GenerationRequest.objects.filter(pk=request.pk).update(status=Status.QUEUED)
    assert fences == [(1, 1), (2, 2), (3, 3)]


def test_within_a_team_the_oldest_is_next() -> None:
    requests = queue(of=factories.team(), count=3)
    order = [attempt.request_id for _ in range(3) if (attempt := claiming.claim())]
    assert order == [request.pk for request in requests]


def test_what_is_not_due_is_not_claimed() -> None:
    request = factories.request()
    GenerationRequest.objects.filter(pk=request.pk).update(due_at=Now() + timedelta(seconds=30))
    assert claiming.claim() is None


def test_a_team_whose_oldest_is_not_due_does_not_keep_others_waiting() -> None:
    postponed = factories.request()
    ready = factories.request()
    GenerationRequest.objects.filter(pk=postponed.pk).update(due_at=Now() + timedelta(seconds=30))
    assert claimed() == ready.team


@pytest.mark.parametrize("status", ["answered", "unconfirmed", "submitted"])
def test_what_is_no_longer_queued_is_not_claimed(status: str) -> None:
    GenerationRequest.objects.filter(pk=factories.request().pk).update(status=status)
    assert claiming.claim() is None


def test_a_request_of_a_provider_without_a_key_is_not_claimed(settings: Settings) -> None:
    settings.PROVIDERS = ["aimlapi"]
    GenerationRequest.objects.filter(pk=factories.request().pk).update(provider="fal")
    assert claiming.claim() is None


def test_one_request_of_a_team_is_next_before_a_thousand_of_another() -> None:
    crowd, single = factories.team(), factories.team()
    (first,) = queue(of=crowd)
    copy_often(first, 999)
    queue(of=single)
    assert [claimed(), claimed()] == [crowd, single]


def test_what_a_team_has_in_a_providers_queue_is_under_way_too() -> None:
    busy, idle = factories.team(), factories.team()
    there, *_ = queue(of=busy, count=2)
    queue(of=idle)
    GenerationRequest.objects.filter(pk=there.pk).update(status=Status.SUBMITTED)
    assert [claimed(), claimed()] == [idle, busy]


def test_of_teams_with_as_much_under_way_the_one_that_waits_longest_is_next() -> None:
    later, earlier = factories.team(), factories.team()
    postponed, _ = queue(of=later, count=2)
    queue(of=earlier)
    # What waits for its back-off makes nobody older or younger.
    GenerationRequest.objects.filter(team=earlier).update(due_at=Now() - timedelta(seconds=5))
    GenerationRequest.objects.filter(pk=postponed.pk).update(due_at=Now() + timedelta(seconds=30))
    assert [claimed(), claimed()] == [earlier, later]


def test_teams_take_turns() -> None:
    teams = [factories.team() for _ in range(3)]
    for team in teams:
        queue(of=team, count=4)
    order = [claimed() for _ in range(9)]
    assert all(set(order[turn : turn + 3]) == set(teams) for turn in (0, 3, 6))


def test_a_team_with_more_in_flight_waits_for_the_others() -> None:
    busy, idle = factories.team(), factories.team()
    queue(of=busy, count=3)
    assert [claimed(), claimed()] == [busy, busy]
    queue(of=idle, count=2)
    assert [claimed(), claimed(), claimed()] == [idle, idle, busy]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("teams", [1, 2])
def test_a_claim_neither_waits_for_one_beside_it_nor_takes_the_same(teams: int) -> None:
    requests = [
        one
        for team in [factories.team() for _ in range(teams)]
        for one in queue(of=team, count=2 // teams)
    ]

    def claim_elsewhere() -> UUID | None:
        try:
            attempt = claiming.claim()
            return attempt.request_id if attempt else None
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        first = claiming.claim()
        second = pool.submit(claim_elsewhere).result(timeout=5)
    assert first is not None
    assert {first.request_id, second} == {request.pk for request in requests}


def test_within_a_team_who_looks_on_comes_before_bulk() -> None:
    team = factories.team()
    bulk = factories.request(of=team)
    GenerationRequest.objects.filter(pk=bulk.pk).update(priority=Priority.BULK)
    interactive = factories.request(of=team)
    attempts = [claiming.claim(), claiming.claim()]
    assert [attempt.request_id for attempt in attempts if attempt] == [interactive.pk, bulk.pk]
