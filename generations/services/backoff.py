"""How long to wait before something that provably did no harm is tried again."""

import random
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Least

from generations.models import Attempt, AttemptState, GenerationRequest

LONGEST = 60.0
MOST_TRIES = 20
# Paid calls for one request: a provider that fails this often for nothing is down.
MOST_ATTEMPTS = 3
MOST_TIME = timedelta(minutes=30)
# What is noted of calls that only the provider's records show to have made nothing.
ABSENT, FREE = LOOKED_UP = ("not in the provider's log", "failed at no cost")
# After this long without evidence, or without the bytes, a person looks and the team pays nothing.
GIVE_UP_AFTER = timedelta(hours=24)
MANY = 999
# Looks at the provider's log, and at a store that was away: seconds after each try.
STEPS = (5, 10, 15, 30, 60, 120, 300, 900, 3600)


def delay(tries: int, *, at_least: float = 0) -> timedelta:
    """Full jitter up to a minute, never less than the provider asked for."""
    ceiling = min(2.0**tries, LONGEST)
    # Spreads load; nothing is guessed from it.
    return timedelta(seconds=max(at_least, random.uniform(0.2, ceiling)))  # noqa: S311  # no secret


def one_more() -> Combinable:
    """The row's tries and one, in a column that looks for weeks would otherwise fill."""
    return Least(F("tries"), MANY) + 1


def step(tries: int) -> timedelta:
    return timedelta(seconds=STEPS[min(tries, len(STEPS) - 1)])


def storing(tries: int) -> timedelta:
    """For pictures in hand: that their store is back is to be noticed within a minute."""
    return min(step(tries), timedelta(seconds=LONGEST))


def is_exhausted(attempt: Attempt) -> bool:
    """Whether it was tried often and long enough, counted from its first try, not from its wait."""
    request = attempt.request
    began = request.started_at or request.created_at
    return request.tries >= MOST_TRIES or attempt.sent_at - began > MOST_TIME


def is_spent(request: GenerationRequest) -> bool:
    """Whether its provider took it as often as it may; what it turned away at once was no call."""
    turned_away = Q(state=AttemptState.NOT_RUN, status_url="") & ~Q(error_message__in=LOOKED_UP)
    taken = request.attempts.filter(provider=request.provider).exclude(turned_away)
    return taken.count() >= MOST_ATTEMPTS
