"""How the provider's log is read for unclear requests: together, and no more of it than need be."""

from collections.abc import Iterator, Set
from datetime import datetime, timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from generations.models import GenerationRequest, Status
from generations.providers.aimlapi import AimlApi
from generations.providers.base import Found
from generations.services import recovery
from tests.generations.services.provider import Provider
from tests.generations.services.steps import age, ask, now, run

pytestmark = pytest.mark.django_db(transaction=True)

Reading = tuple[int, datetime, datetime]


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """For how many requests the log was read, and from when until when."""
    read: list[Reading] = []
    find = AimlApi.find_in_log

    def found(
        api: AimlApi, *, client_request_ids: Set[str], since: datetime, until: datetime
    ) -> Iterator[Found]:
        read.append((len(client_request_ids), since, until))
        return find(api, client_request_ids=client_request_ids, since=since, until=until)

    monkeypatch.setattr(AimlApi, "find_in_log", found)
    return read


def unclear(provider: Provider, *, minutes: int = 0) -> GenerationRequest:
    """One that the provider charged for, and whose answer was lost so long ago."""
    provider.fault("drop_after")
    request = run(ask())
    assert request.status == Status.UNCONFIRMED
    age(request, timedelta(minutes=minutes))
    return request


def look_at_all() -> None:
    GenerationRequest.objects.update(due_at=Now())
    recovery.settle_unconfirmed()


def test_the_log_is_read_once_for_all_that_wait_for_it(
    provider: Provider, readings: list[Reading]
) -> None:
    lost = [unclear(provider) for _ in range(3)]
    look_at_all()
    assert sum(count for count, _, _ in readings) == 3
    assert len(readings) <= 2  # more than one where five minutes end between them
    assert {now(request).error_code for request in lost} == {"lost"}


def test_the_log_is_read_until_the_call_must_be_in_it_and_no_further(
    connected: Provider, readings: list[Reading], settings: Settings
) -> None:
    settings.PROVIDER_LOG_LAG = 60
    request = unclear(connected, minutes=60)
    sent_at = request.attempts.get().sent_at
    look_at_all()
    ((_, since, until),) = readings
    assert since == sent_at - timedelta(minutes=1)
    assert until == sent_at + timedelta(seconds=settings.PROVIDER_DEADLINE + 60 + 60)


def test_the_log_of_a_quiet_time_is_not_read_for_what_was_sent_long_before_and_after_it(
    connected: Provider, readings: list[Reading]
) -> None:
    unclear(connected, minutes=600)
    unclear(connected)
    look_at_all()
    assert [count for count, _, _ in readings] == [1, 1]
    assert max(until - since for _, since, until in readings) < timedelta(hours=1)
