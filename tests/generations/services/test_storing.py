"""From a kept answer to stored images, whatever is away meanwhile; the fixture checks the books."""

import functools
import hashlib
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import HoldState
from generations import storage
from generations.models import (
    Attempt,
    AttemptState,
    CostSource,
    GenerationRequest,
    Image,
    Status,
)
from generations.providers.aimlapi import AimlApi
from generations.providers.base import ProviderConfig
from generations.services import audit, leases, providers, settling, storing
from generations.services import images as image_service
from tests import factories
from tests.generations.services.provider import Provider
from tests.generations.services.steps import age, ask, house_paid, images, now, resume, run

PRICE = factories.PRICE


@pytest.fixture
def impatient(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results must come within half a second and in 200 kB."""
    config = ProviderConfig(
        name="aimlapi",
        base_url=provider.running.url,
        key=provider.key,
        result_hosts=(f"127.0.0.1:{provider.running.port}",),
        download_deadline=0.5,
        max_download_bytes=200_000,
    )
    monkeypatch.setattr(providers, "client", functools.cache(lambda _: AimlApi(config)))


@pytest.fixture
def full_disk(settings: Settings) -> Callable[[], None]:
    """A store that takes nothing until the call."""
    folder = Path(settings.MEDIA_ROOT)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be")
    return folder.unlink


def test_the_original_is_kept_byte_for_byte(provider: Provider) -> None:
    request = run()
    image = request.images.get()
    data = storage.get(image_service.original_key(image))
    assert hashlib.sha256(data).hexdigest() == image.digest
    assert len(data) == image.size
    attempt = request.attempts.get()
    answer = providers.client("aimlapi").parse(settling.raw_answer(attempt))
    assert data == providers.client("aimlapi").download(answer.outputs[0].url or "").data


def test_an_image_belongs_to_who_asked_for_it(provider: Provider) -> None:
    request = run()
    image = request.images.get()
    assert (image.team, image.author) == (request.team, request.user)
    assert image.visibility == request.visibility


# Results that cannot be fetched now are fetched later, without a second call.

FOR_NOW: list[dict[str, Any]] = [
    {"fault": "file_status", "status": 500},
    {"fault": "file_status", "status": 429},
    {"fault": "file_drop"},
    {"fault": "file_truncated"},
    {"fault": "file_html"},
]


@pytest.mark.parametrize(
    "rule", FOR_NOW, ids=lambda rule: f"{rule['fault']}{rule.get('status', '')}"
)
def test_a_result_that_is_away_for_now_is_fetched_later(
    provider: Provider, rule: dict[str, Any]
) -> None:
    provider.fault(**rule)
    request = run()
    assert (request.status, request.error_code) == (Status.ANSWERED, "download")
    assert request.due_at > timezone.now()
    assert request.hold.state == HoldState.PENDING
    request = resume(request)
    assert (request.status, request.error_code) == (Status.SUCCEEDED, "")
    assert len(provider.calls()) == 1


@pytest.mark.parametrize(
    "rule", [{"fault": "file_slow", "rate": 1000}, {"fault": "file_oversized", "size": 300_000}]
)
@pytest.mark.usefixtures("impatient")
def test_a_result_beyond_our_bounds_is_not_taken(provider: Provider, rule: dict[str, Any]) -> None:
    provider.fault(**rule)
    request = run()
    assert (request.status, request.error_code) == (Status.ANSWERED, "download")
    assert resume(request).status == Status.SUCCEEDED


def test_a_result_in_the_wrong_content_type_is_known_by_its_bytes(provider: Provider) -> None:
    provider.fault("file_type", content_type="text/plain")
    assert run().images.get().content_type == "image/jpeg"


def test_what_came_is_kept_when_another_result_is_away(provider: Provider) -> None:
    provider.fault("file_drop")
    request = run(ask(num_images=3))
    assert images(request) == ["pending", "stored", "stored"]
    request = resume(request)
    assert images(request) == ["stored"] * 3
    assert request.hold.captured == 3 * PRICE


# Results that are gone for good are the house's loss.

FOR_GOOD: list[dict[str, Any]] = [
    {"fault": "file_status", "status": 403},
    {"fault": "file_status", "status": 404},
    {"fault": "file_status", "status": 410},
    {"fault": "file_redirect"},
]


@pytest.mark.parametrize(
    "rule", FOR_GOOD, ids=lambda rule: f"{rule['fault']}{rule.get('status', '')}"
)
def test_a_result_that_is_gone_is_the_houses_loss(provider: Provider, rule: dict[str, Any]) -> None:
    provider.fault(**rule)
    request = run()
    assert (request.status, request.error_code) == (Status.FAILED, "lost")
    assert request.hold.state == HoldState.RELEASED
    assert house_paid(request) == PRICE


def test_the_team_pays_for_what_it_got_and_the_house_for_the_rest(provider: Provider) -> None:
    provider.fault("file_status", status=404)
    request = run(ask(num_images=3))
    assert request.status == Status.SUCCEEDED
    assert images(request) == ["lost", "stored", "stored"]
    assert (request.hold.captured, house_paid(request)) == (2 * PRICE, PRICE)


@pytest.mark.parametrize("fault", ["file_html", "file_bomb"])
def test_a_result_that_never_becomes_a_picture_is_given_up_after_a_day(
    provider: Provider, fault: str
) -> None:
    provider.fault(fault, times=None)
    request = resume(run())
    assert request.status == Status.ANSWERED
    age(request, timedelta(days=1, minutes=1))
    assert resume(request).status == Status.FAILED
    assert house_paid(request) == PRICE


# A store that is away: kept for later, not paid twice.


def test_an_image_waits_for_a_store_that_is_away(
    provider: Provider, full_disk: Callable[[], None]
) -> None:
    request = run()
    assert (request.status, request.error_code) == (Status.ANSWERED, "storage")
    assert resume(request).status == Status.ANSWERED
    full_disk()
    request = resume(request)
    assert request.status == Status.SUCCEEDED
    assert len(provider.calls()) == 1


def test_an_image_waits_longer_after_each_try(
    provider: Provider, full_disk: Callable[[], None]
) -> None:
    request = run()
    waits = []
    for _ in range(3):
        waits.append(request.due_at - timezone.now())
        request = resume(request)
    assert waits == sorted(waits)
    assert waits[-1] - waits[0] > timedelta(seconds=8)


def test_a_store_that_is_back_after_a_long_time_is_noticed_within_a_minute(
    provider: Provider, full_disk: Callable[[], None]
) -> None:
    request = run()
    GenerationRequest.objects.update(tries=12)
    waits = resume(request).due_at - timezone.now()
    assert waits <= timedelta(minutes=1)


# Taking over what another worker left.


def answered(*pictures: bytes) -> GenerationRequest:
    return factories.answered(raw=factories.answer(*pictures)).request


@pytest.mark.django_db(transaction=True)
def test_a_request_that_somebody_works_on_is_left_to_them() -> None:
    request = answered()
    storing.resume(request.pk)
    assert now(request).status == Status.ANSWERED
    assert not leases.take(request.pk)


@pytest.mark.django_db(transaction=True)
def test_finishing_twice_stores_and_charges_once() -> None:
    request = answered(factories.picture(), factories.picture(shade="tomato"))
    storing.finish(request.pk)
    storing.finish(request.pk)
    assert images(request) == ["stored"] * 2
    assert now(request).hold.captured == PRICE
    assert audit.check_ledger().problems == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_comes_too_late_overwrites_nothing_that_was_learned_since() -> None:
    attempt = factories.answered(raw=factories.answer(usd=None))
    late = storing._read(attempt.request_id)
    assert late is not None
    storing.finish(attempt.request_id)
    Attempt.objects.update(cost_source=CostSource.LOG)
    settling.settle(
        request=late.request,
        attempt=late.attempt,
        answer=late.answer,
        images=list(attempt.images.all()),
    )
    assert Attempt.objects.get().cost_source == CostSource.LOG


@pytest.mark.django_db(transaction=True)
def test_finishing_goes_on_where_a_worker_died(monkeypatch: pytest.MonkeyPatch) -> None:
    request = answered(factories.picture(), factories.picture(shade="tomato"))
    put, keys = storage.put, list[str]()

    def die_at_the_second(key: str, data: bytes, content_type: str) -> None:
        keys.append(key)
        if len(keys) == 2:
            raise KeyboardInterrupt
        put(key, data, content_type)

    monkeypatch.setattr(storage, "put", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        storing.finish(request.pk)
    assert images(request) == ["stored", "pending"]
    assert resume(request).status == Status.SUCCEEDED
    assert len(keys) == 3
    assert audit.check_ledger().problems == []


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_ours_is_tried_again_and_keeps_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = answered()
    with monkeypatch.context() as patched:
        patched.setattr(settling, "settle", lambda **_: 1 / 0)
        assert resume(request).status == Status.ANSWERED
    assert resume(request).status == Status.SUCCEEDED


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_nobody_kept_waits_in_sight() -> None:
    attempt = factories.answered()
    Attempt.objects.update(state=AttemptState.UNKNOWN)
    storing.finish(attempt.request_id)
    request = now(attempt.request)
    assert (request.status, request.error_code, request.tries) == (Status.ANSWERED, "fault", 1)


@pytest.mark.django_db(transaction=True)
def test_what_ended_is_not_stored_again() -> None:
    request = factories.succeeded()
    Image.objects.filter(request=request).update(seed=1)
    storing.finish(request.pk)
    assert request.images.get().seed == 1
    assert request.attempts.get().state == AttemptState.ANSWERED


# Bytes that are no picture we can keep.


def torn(data: bytes) -> bytes:
    """A PNG with a whole header and end whose pixels cannot be read."""
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    noise = b"\xff" * length
    check = zlib.crc32(b"IDAT" + noise).to_bytes(4, "big")
    return data[: start + 4] + noise + check + data[start + 8 + length :]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "data",
    [b"no picture at all", factories.picture(kind="GIF"), factories.picture((16_400, 1))],
    ids=["text", "gif", "too wide"],
)
def test_bytes_that_are_no_picture_are_the_houses_loss(data: bytes) -> None:
    request = factories.answered(raw=factories.answer(data)).request
    storing.finish(request.pk)
    assert (now(request).status, now(request).error_code) == (Status.FAILED, "lost")
    assert house_paid(request) == PRICE


@pytest.mark.django_db(transaction=True)
def test_a_black_picture_whose_pixels_are_torn_is_the_houses_loss() -> None:
    request = answered(torn(factories.picture((512, 512), shade="black")))
    storing.finish(request.pk)
    assert (now(request).status, now(request).error_code) == (Status.FAILED, "lost")
    assert house_paid(request) == PRICE
