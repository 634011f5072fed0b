"""How long to wait before something that provably did no harm is tried again."""

import random
from datetime import timedelta

from django.utils import timezone

from generations.models import GenerationRequest
from generations.providers.errors import ErrorKind

LONGEST = 60.0
MOST_TRIES = 20
# Paid calls for one request: a provider that fails this often for nothing is down.
MOST_ATTEMPTS = 3
MOST_TIME = timedelta(minutes=30)
# After this long without evidence, or without the bytes, a person looks and the team pays nothing.
GIVE_UP_AFTER = timedelta(hours=24)
# Looks at the provider's log, and at a store that was away: seconds after each try.
STEPS = (5, 10, 15, 30, 60, 120, 300, 900, 3600)


def delay(tries: int, *, at_least: float = 0) -> timedelta:
    """Full jitter up to a minute, never less than the provider asked for."""
    ceiling = min(2.0**tries, LONGEST)
    # Spreads load; nothing is guessed from it.
    return timedelta(seconds=max(at_least, random.uniform(0.2, ceiling)))  # noqa: S311  # no secret


def step(tries: int) -> timedelta:
    return timedelta(seconds=STEPS[min(tries, len(STEPS) - 1)])


def storing(tries: int) -> timedelta:
    """For pictures in hand: that their store is back is to be noticed within a minute."""
    return min(step(tries), timedelta(seconds=LONGEST))


def is_exhausted(request: GenerationRequest) -> bool:
    """Whether it was tried often and long enough, counted from its first try, not from its wait."""
    began = request.started_at or request.created_at
    return request.tries >= MOST_TRIES or timezone.now() - began > MOST_TIME


def is_spent(request: GenerationRequest) -> bool:
    """Whether its provider was sent it as often as it may be; what was too busy to take it, not."""
    sent = request.attempts.filter(provider=request.provider)
    sent = sent.exclude(error_kind=ErrorKind.RATE_LIMITED)
    return sent.count() >= MOST_ATTEMPTS
