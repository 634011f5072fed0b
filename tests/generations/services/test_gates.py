"""Limits of a provider, counted for all workers together."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Event

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from config import database
from config.outages import AWAY
from generations import batches
from generations.models import Attempt, Gate, GenerationRequest, Status
from generations.services import claiming, gates
from tests import factories
from tests.config.waiting import wait_until
from tests.generations.services.queue_steps import REALISM

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


def test_what_waits_in_a_providers_queue_takes_a_place_there(settings: Settings) -> None:
    settings.PROVIDER_LIMITS = {"fal": (2, 0)}
    asked = [factories.request(model=REALISM) for _ in range(3)]
    for _ in asked[:2]:
        to_the_queue()
    assert claiming.claim() is None
    ended = GenerationRequest.objects.filter(status=Status.SUBMITTED)[:1]
    GenerationRequest.objects.filter(pk__in=ended.values("pk")).update(status=Status.ANSWERED)
    assert claiming.claim()


def test_a_place_in_a_providers_queue_goes_to_who_has_none_there(settings: Settings) -> None:
    settings.PROVIDER_LIMITS = {"fal": (2, 0)}
    many, one = factories.team(), factories.team()
    for _ in range(4):
        factories.request(of=many, model=REALISM)
    to_the_queue()
    factories.request(of=one, model=REALISM)
    assert to_the_queue().request.team_id == one.pk
    assert claiming.claim() is None


def test_a_full_provider_holds_nobody_elses_requests_up(settings: Settings) -> None:
    settings.PROVIDER_LIMITS = {"fal": (1, 0)}
    factories.request(model=REALISM), factories.request(model=REALISM)
    to_the_queue()
    here = factories.request()
    written = version()
    attempt = claiming.claim()
    assert attempt
    assert attempt.request_id == here.pk
    assert version() == written  # nor locks anything


def test_a_model_that_fal_does_not_begin_holds_no_other_model_up(settings: Settings) -> None:
    settings.PROVIDER_LIMITS = {"fal": (2, 0)}
    for _ in range(3):
        factories.request(model=REALISM)
    to_the_queue(), to_the_queue()
    other = factories.request(model="fal-ai/flux/schnell")
    assert claiming.claim() is None
    long_ago = Now() - timedelta(minutes=3)
    GenerationRequest.objects.filter(status=Status.SUBMITTED).update(
        queue_position=0, started_at=long_ago
    )
    (shown,) = batches.present(
        GenerationRequest.objects.filter(status=Status.QUEUED, model=REALISM)
    )
    assert shown.stage == "fal is full, sent when it has a place"
    assert claiming.left(late=timedelta(0), most=9) == 1
    attempt = claiming.claim()
    assert attempt
    assert attempt.request_id == other.pk
    assert claiming.left(late=timedelta(0), most=9) == 0
    written = version()
    assert claiming.claim() is None
    assert version() == written  # nor is anything locked in vain


def test_a_full_provider_is_named_where_it_is_waited_for(settings: Settings) -> None:
    settings.PROVIDER_LIMITS = {"fal": (1, 0)}
    factories.request(model=REALISM)
    waiting = factories.request(model=REALISM)
    to_the_queue()
    (shown,) = batches.present([waiting])
    assert shown.stage == "fal is full, sent when it has a place"


def test_fal_has_a_limit_unless_it_is_taken_away() -> None:
    most, _ = django_settings.PROVIDER_LIMITS["fal"]
    assert most == 40


def test_a_minute_has_so_many_calls_and_no_burst_after_a_pause(settings: Settings) -> None:
    settings.PROVIDER_LIMITS = {"aimlapi": (0, 12)}  # two in ten seconds
    for _ in range(5):
        factories.request()
    assert [claiming.claim() is not None for _ in range(3)] == [True, True, False]
    backdate("filled_at", seconds=5)
    assert [claiming.claim() is not None for _ in range(2)] == [True, False]
    backdate("filled_at", seconds=3600)
    assert [claiming.claim() is not None for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("a_minute", [1, 2, 7])
def test_a_slow_rate_is_kept_however_often_it_is_looked_at(
    settings: Settings, a_minute: int
) -> None:
    settings.PROVIDER_LIMITS = {"aimlapi": (0, a_minute)}
    factories.request(), factories.request()
    assert claiming.claim()  # The first need not wait for a minute to go by.
    looks, apart = 100, 0.005
    for _ in range(looks):
        go_by(apart)
        with transaction.atomic():
            assert not gates.enter("aimlapi")
    a_call = 60 / a_minute
    go_by(a_call / 2 - looks * apart)
    assert claiming.claim() is None
    go_by(a_call / 2)
    assert claiming.claim()


def test_calls_from_before_there_was_a_limit_a_minute_do_not_count_against_it(
    settings: Settings,
) -> None:
    settings.PROVIDER_LIMITS = {"aimlapi": (40, 0)}
    for _ in range(8):
        factories.request()
    assert [claiming.claim() is not None for _ in range(5)] == [True] * 5
    settings.PROVIDER_LIMITS = {"aimlapi": (40, 12)}
    backdate("filled_at", seconds=10)
    assert claiming.claim()
    Gate.objects.update(allowance=-50_000)  # as an earlier version left it
    backdate("filled_at", seconds=10)
    assert claiming.claim()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_freezes_at_the_gate_holds_the_others_up_for_moments(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROVIDER_LIMITS = {"aimlapi": (2, 0)}
    options = connections.settings["default"]["OPTIONS"]
    monkeypatch.setitem(options, "options", database.limits(1))
    factories.request()
    entered, woken = Event(), Event()

    def freeze() -> None:
        with suppress(*AWAY), transaction.atomic():
            gates.enter("aimlapi")
            entered.set()
            woken.wait(30)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        frozen = pool.submit(freeze)
        assert entered.wait(10)
        wait_until(claims, seconds=10)
        woken.set()
        frozen.result()


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


def claims() -> bool:
    with suppress(*AWAY):  # As a worker whose ticket waited too long: another one comes.
        return claiming.claim() is not None
    return False


def to_the_queue() -> Attempt:
    """The next request, sent and taken into the provider's queue."""
    attempt = claiming.claim()
    assert attempt
    GenerationRequest.objects.filter(pk=attempt.request_id).update(
        status=Status.SUBMITTED, lease_until=None
    )
    return attempt


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


def version() -> str:
    """Another one whenever a gate's row is locked by who enters it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text FROM generations_gate")
        ((found,),) = cursor.fetchall()
    return str(found)


def go_by(seconds: float) -> None:
    moved = F("filled_at") - timedelta(seconds=seconds)
    Gate.objects.update(filled_at=moved)
