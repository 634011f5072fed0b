from datetime import timedelta

import pytest
from django.utils import timezone

from generations.models import Attempt, GenerationRequest
from generations.services import backoff


@pytest.mark.parametrize("tries", range(25))
def test_a_delay_is_spread_up_to_a_minute(tries: int) -> None:
    delays = [backoff.delay(tries).total_seconds() for _ in range(50)]
    assert min(delays) >= 0.2
    assert max(delays) <= min(2**tries, 60)
    assert len(set(delays)) > 40


def test_a_delay_is_never_shorter_than_the_provider_asked_for() -> None:
    assert backoff.delay(0, at_least=90) == timedelta(seconds=90)


def test_looks_come_ever_less_often_and_never_stop() -> None:
    steps = [backoff.step(tries) for tries in range(40)]
    assert steps == sorted(steps)
    assert steps[0] == timedelta(seconds=5)
    assert steps[-1] == timedelta(hours=1)


def test_a_request_that_was_never_tried_is_not_exhausted_by_waiting() -> None:
    fresh = GenerationRequest(tries=backoff.MOST_TRIES - 1)
    fresh.created_at = timezone.now() - timedelta(days=1)
    fresh.started_at = timezone.now()
    attempt = Attempt(request=fresh, sent_at=fresh.started_at)
    assert not backoff.is_exhausted(attempt)
    fresh.tries += 1
    assert backoff.is_exhausted(attempt)


def test_a_worker_whose_clock_is_ahead_gives_nothing_up_sooner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = timezone.now()
    attempt = Attempt(request=GenerationRequest(started_at=began), sent_at=began)
    ahead = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    assert not backoff.is_exhausted(attempt)
