"""Limits of a provider, counted for all workers together."""

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings

from generations.models import Gate, GenerationRequest, Status
from generations.services import claiming, gates
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_known() -> None:
    gates._slowed.forget()


def test_a_provider_without_limits_is_not_counted() -> None:
    assert not gates.is_limited("aimlapi")


def test_no_more_calls_begin_than_a_provider_may_have_at_once(settings: Settings) -> None:
    settings.PROVIDER_LIMITS = {"aimlapi": (2, 0)}
    for _ in range(3):
        factories.request()
    assert [claiming.claim() is not None for _ in range(3)] == [True, True, False]


def test_a_call_that_ended_makes_room_for_the_next(settings: Settings) -> None:
    settings.PROVIDER_LIMITS = {"aimlapi": (1, 0)}
    first, _ = factories.request(), factories.request()
    assert claiming.claim()
    assert claiming.claim() is None
    GenerationRequest.objects.filter(pk=first.pk).update(status=Status.ANSWERED)
    assert claiming.claim()


def test_a_minute_has_so_many_calls_and_no_burst_after_a_pause(settings: Settings) -> None:
    settings.PROVIDER_LIMITS = {"aimlapi": (0, 12)}  # two in ten seconds
    for _ in range(5):
        factories.request()
    assert [claiming.claim() is not None for _ in range(3)] == [True, True, False]
    backdate("filled_at", seconds=5)
    assert [claiming.claim() is not None for _ in range(2)] == [True, False]
    backdate("filled_at", seconds=3600)
    assert [claiming.claim() is not None for _ in range(3)] == [True, True, False]


def test_a_429_halves_what_is_in_flight_once_for_all_that_come_together() -> None:
    in_flight(8)
    gates.slow_down("aimlapi")
    gates.slow_down("aimlapi")
    assert Gate.objects.get().slowed_to == 4
    factories.request()
    assert claiming.claim() is None


def test_a_slowed_provider_gets_ever_more_again_until_nothing_is_left_of_it() -> None:
    in_flight(8)
    gates.slow_down("aimlapi")
    seen = []
    while Gate.objects.get().slowed_to is not None:
        seen.append(Gate.objects.get().slowed_to)
        backdate("slowed_at", seconds=11)
        gates.speed_up()
    assert seen == [4, 5, 6, 7, 8]
    gates._slowed.forget()
    assert not gates.is_limited("aimlapi")


def in_flight(count: int) -> None:
    for _ in range(count):
        made = factories.request()
        GenerationRequest.objects.filter(pk=made.pk).update(
            status=Status.SENDING, lease_until=Now()
        )


def backdate(column: str, *, seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE generations_gate SET {column} = now() - make_interval(secs => %s)",  # noqa: S608
            [seconds],
        )
