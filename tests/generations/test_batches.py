from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from generations import batches
from generations.batches import Batch
from generations.models import DecisionAction, GenerationRequest, Status
from generations.services import moderation, requests
from generations.why import explain
from tests import factories
from tests.factories import PRICE

pytestmark = pytest.mark.django_db


def batch(request: GenerationRequest) -> Batch:
    (shown,) = batches.present(GenerationRequest.objects.as_batches().filter(pk=request.pk))
    return shown


def tiles(request: GenerationRequest) -> list[str]:
    return [tile.state for tile in batch(request).tiles]


def put(request: GenerationRequest, status: Status, **changes: Any) -> GenerationRequest:
    GenerationRequest.objects.filter(pk=request.pk).update(
        status=status, lease_until=Now(), **changes
    )
    return request


@pytest.mark.parametrize(
    ("status", "code", "stage"),
    [
        (Status.QUEUED, "", "Queued"),
        (Status.QUEUED, "rate_limited", "Provider busy, trying again"),
        (Status.SENDING, "", "Rendering"),
        (Status.ANSWERED, "", "Saving"),
        (Status.ANSWERED, "storage", "Waiting for storage; kept, not paid twice"),
        (Status.ANSWERED, "fault", "Saving; kept, not paid twice"),
        (Status.ANSWERED, "download", "Fetching from the provider, trying again"),
        (Status.ANSWERED, "cost", "Checking with the provider"),
        (Status.UNCONFIRMED, "timeout", "Checking with the provider"),
    ],
)
def test_an_open_request_says_what_happens_now(status: Status, code: str, stage: str) -> None:
    request = put(factories.request(), status, error_code=code)
    assert batch(request).stage == stage
    assert batch(request).is_open


@pytest.mark.parametrize(
    ("position", "note", "stage"),
    [
        (0, "", "1st in fal's queue"),
        (2, "", "3rd in fal's queue"),
        (10, "", "11th in fal's queue"),
        (None, "", "Rendering"),
        (None, "50%", "50%"),
    ],
)
def test_a_request_at_fal_says_its_place_or_the_models_last_word(
    position: int | None, note: str, stage: str
) -> None:
    asked = factories.request(model="fal-ai/flux-realism")
    request = put(asked, Status.SUBMITTED, queue_position=position, queue_note=note)
    shown = batch(request)
    assert shown.stage == stage
    assert shown.can_cancel is shown.is_waiting is (position is not None)


def test_what_the_provider_was_asked_to_drop_cannot_be_cancelled_twice() -> None:
    asked = factories.request(model="fal-ai/flux-realism")
    request = put(asked, Status.SUBMITTED, queue_position=1, cancel_asked_at=Now())
    assert batch(request).stage == "Cancelling"
    assert not batch(request).can_cancel


def test_a_queued_request_says_how_many_of_its_team_are_before_it() -> None:
    team = factories.team()
    queued = [factories.request(of=team) for _ in range(3)]
    factories.request()
    assert sorted(batch(request).wait.ahead for request in queued) == [0, 1, 2]
    assert {batch(request).stage for request in queued} == {
        "Queued", "Queued · 1 ahead", "Queued · 2 ahead",
    }  # fmt: skip


def test_what_nobody_has_a_key_for_any_more_says_so(settings: Settings) -> None:
    request = factories.request(model="fal-ai/flux-realism")
    settings.PROVIDERS = ["aimlapi"]
    assert batch(request).stage.startswith("Paused: there is no key for its provider any more")
    assert batch(request).can_cancel
    assert explain(request).because == "Its provider has no key here any more."


def test_many_batches_take_as_many_queries_as_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    team = factories.team()
    for _ in range(5):
        factories.request(of=team)
    with django_assert_num_queries(6):
        shown = batches.present(GenerationRequest.objects.as_batches())
        assert [one.stage for one in shown if one.tiles]


@pytest.mark.parametrize(("seconds", "progress"), [(0, 0), (3, 50), (60, 95)])
def test_progress_is_guessed_by_the_clock_and_never_whole(seconds: int, progress: int) -> None:
    request = put(factories.request(model="flux-realism"), Status.SENDING)
    GenerationRequest.objects.filter(pk=request.pk).update(
        started_at=timezone.now() - timedelta(seconds=seconds)
    )
    assert batch(request).progress in {progress, progress + 1}


def test_what_has_not_begun_has_no_progress() -> None:
    assert batch(factories.request()).progress == 0


def test_a_pending_request_shows_a_tile_for_each_image_in_its_shape() -> None:
    request = factories.request(params={"num_images": 3, "image_size": "portrait_16_9"})
    assert tiles(request) == ["pending"] * 3
    assert batch(request).aspect == 0.5625


def test_an_open_request_shows_what_is_stored_already() -> None:
    request = factories.request(params={"num_images": 2})
    factories.succeeded(request)
    shown = batch(request)
    assert [tile.state for tile in shown.tiles] == ["ready"]
    assert shown.ready == 1


def test_a_request_that_failed_keeps_its_slots() -> None:
    request = factories.request(params={"num_images": 2})
    put(request, Status.FAILED, finished_at=Now(), error_code="lost")
    assert tiles(request) == ["failed"] * 2


@pytest.mark.parametrize("code", ["blocked", "refused"])
def test_what_the_safety_filter_stopped_is_shown_as_blocked(code: str) -> None:
    request = put(factories.request(), Status.FAILED, finished_at=Now(), error_code=code)
    assert tiles(request) == ["blocked"]
    assert batch(request).blocked


def test_a_picture_the_filter_blacked_out_among_others_is_shown_as_blocked() -> None:
    request = factories.request(params={"num_images": 2})
    black = factories.picture((512, 512), shade="black")
    factories.succeeded(request, pictures=[factories.picture(), black])
    assert tiles(request) == ["ready", "blocked"]


def test_a_hidden_image_keeps_its_slot_and_says_why() -> None:
    image = factories.stored_image()
    moderation.decide(
        by=User.objects.create_superuser("staff@example.com"),
        image=image,
        action=DecisionAction.HIDE,
        reason="Shows a real person",
    )
    (tile,) = batch(image.request).tiles
    assert (tile.state, tile.image, tile.note) == ("hidden", None, "Shows a real person")


def test_the_cost_is_what_is_held_and_then_what_was_charged() -> None:
    request = factories.request(params={"num_images": 2})
    assert batch(request).cost_microcredits == 2 * PRICE
    factories.succeeded(request, pictures=[factories.picture(), factories.picture(shade="tomato")])
    assert batch(request).cost_microcredits == PRICE


def test_a_cancelled_request_cost_nothing_and_can_be_asked_for_again() -> None:
    request = factories.request()
    requests.cancel(request=request)
    shown = batch(request)
    assert shown.cost_microcredits == 0
    assert shown.failure is not None
    assert shown.failure.title == "Cancelled"
    assert shown.can_retry
    assert not shown.can_cancel


def test_only_what_was_not_sent_can_be_cancelled() -> None:
    request = factories.request()
    assert batch(request).can_cancel
    put(request, Status.SENDING)
    assert not batch(request).can_cancel
