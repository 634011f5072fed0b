"""How many calls a provider gets at once and a minute, counted for all workers together.

Who claims locks the provider's row first and counts in a statement of its own: in the statement
that waited for the lock, the claims it waited for would not be seen.
"""

import functools
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from django.conf import settings

from config.sql import run_prepared
from generations.models import Gate
from generations.services import providers

SLOWED_KNOWN_FOR = 1.0  # seconds

# The allowance, in thousandths of a call, fills as time goes by: up to what ten seconds bring, so
# that a quiet hour is not followed by a burst.
FILLED = """least(
    greatest(gate.allowance, 0)
        + extract(epoch FROM statement_timestamp() - gate.filled_at) * %(a_minute)s * 1000 / 60,
    greatest(%(a_minute)s * 1000 / 6, 1000)
)"""
# Written down by a call alone: at each look, what came since the last one would be rounded away.
ENTER = """
INSERT INTO generations_gate AS gate (provider, allowance, slowed_from)
VALUES (%(provider)s, least(greatest(%(a_minute)s * 1000 / 6, 1000), %(a_minute)s * 1000), 0)
ON CONFLICT (provider) DO UPDATE SET provider = excluded.provider
RETURNING {filled}, slowed_to
"""
PEEK = """
SELECT {filled}, slowed_to FROM generations_gate gate WHERE provider = %(provider)s
"""
# In a provider's queue for so long that it does not get round to their model.
STUCK = """
status = 'submitted' AND queue_position IS NOT NULL
AND started_at < statement_timestamp() - interval '2 minutes'
"""
# With us or in the provider's queue. What is stuck there takes no place from other models.
IN_FLIGHT = """
SELECT count(*) FROM generations_generationrequest
WHERE status IN ('sending', 'submitted') AND provider = %(provider)s AND ({stuck}) IS NOT TRUE
"""
STUCK_MODELS = """
SELECT DISTINCT model FROM generations_generationrequest
WHERE {stuck} AND provider = %(provider)s
"""
WAITS = """
SELECT EXISTS (
    SELECT 1 FROM generations_generationrequest
    WHERE status = 'queued' AND provider = %(provider)s AND due_at <= statement_timestamp()
      AND NOT model = ANY(%(but)s)
)
"""
TAKE = """
UPDATE generations_gate gate
SET allowance = {filled} - 1000, filled_at = statement_timestamp()
WHERE provider = %(provider)s RETURNING provider
"""
# All that is in flight may come back refused at once: only the first of it halves.
SLOW_DOWN = """
INSERT INTO generations_gate AS gate (provider, allowance, slowed_to, slowed_from, slowed_at)
VALUES (%(provider)s, 0, greatest(%(in_flight)s / 2, 1), %(in_flight)s, statement_timestamp())
ON CONFLICT (provider) DO UPDATE
SET slowed_to = greatest(least(gate.slowed_to, %(in_flight)s) / 2, 1),
    slowed_from = greatest(gate.slowed_to, %(in_flight)s), slowed_at = statement_timestamp()
WHERE gate.slowed_at IS NULL OR gate.slowed_at < statement_timestamp() - interval '5 seconds'
RETURNING slowed_to
"""
SPEED_UP = """
UPDATE generations_gate SET slowed_at = statement_timestamp(), slowed_to = CASE
    WHEN slowed_to < slowed_from THEN slowed_to + greatest(slowed_to / 10, 1)
END
WHERE slowed_to IS NOT NULL AND slowed_at < statement_timestamp() - interval '10 seconds'
RETURNING provider
"""


@dataclass(slots=True)
class _Slowed:
    """Which providers asked us to slow down, read again every second."""

    names: frozenset[str] = frozenset()
    read_at: float = field(default=float("-inf"))

    def has(self, provider: str) -> bool:
        if time.monotonic() - self.read_at > SLOWED_KNOWN_FOR:
            slowed = Gate.objects.filter(slowed_to__isnull=False)
            self.names = frozenset(slowed.values_list("provider", flat=True))
            self.read_at = time.monotonic()
        return provider in self.names

    def forget(self) -> None:
        self.read_at = float("-inf")


_slowed = _Slowed()


def is_limited(provider: str) -> bool:
    """Whether its calls have to be counted at all; nothing is locked for one without a limit."""
    return any(_settings(provider)) or _slowed.has(provider)


def is_worth_it(provider: str) -> bool:
    """Whether something waits for it and may find a place, as far as that shows without a lock."""
    most, _ = _settings(provider)
    return waits(provider) and (not most or in_flight(provider) < most)


def waits(provider: str, *, but: Collection[str] = ()) -> bool:
    """Whether something is due at it for any model but these."""
    ((found,),) = run_prepared(WAITS, {"provider": provider, "but": list(but)})
    return bool(found)


def stuck_models(provider: str) -> list[str]:
    """The models that get no more of it until it begins what it has of them."""
    if not providers.is_queue(provider):
        return []
    return [model for (model,) in run_prepared(_whole(STUCK_MODELS), {"provider": provider})]


def room(provider: str) -> int | None:
    """How many more of its calls may begin, as far as that shows without a lock; None: any."""
    if not is_limited(provider):
        return None
    most, a_minute = _settings(provider)
    rows = run_prepared(_whole(PEEK), {"provider": provider, "a_minute": a_minute})
    allowance, slowed_to = rows[0] if rows else (max(a_minute * 1000 // 6, 1000), None)
    places = [limit - in_flight(provider) for limit in (most, slowed_to) if limit]
    if a_minute:
        places.append(int(allowance) // 1000)
    return max(min(places), 0) if places else None


def enter(provider: str) -> bool:
    """Lock the provider's gate for the transaction; whether one more call may begin."""
    most, a_minute = _settings(provider)
    values = {"provider": provider, "a_minute": a_minute}
    ((allowance, slowed_to),) = run_prepared(_whole(ENTER), values)
    if a_minute and allowance < 1000:  # noqa: PLR2004  # thousandths of a call
        return False
    limits = [limit for limit in (most, slowed_to) if limit]
    return not limits or in_flight(provider) < min(limits)


def take(provider: str) -> None:
    """Count one call against the allowance of the minute, where there is one."""
    _, a_minute = _settings(provider)
    if a_minute:
        run_prepared(_whole(TAKE), {"provider": provider, "a_minute": a_minute})


def in_flight(provider: str) -> int:
    ((count,),) = run_prepared(_whole(IN_FLIGHT), {"provider": provider})
    return int(count)


def slow_down(provider: str) -> None:
    """After a 429: have half of what is in flight at once, and then ever more again."""
    run_prepared(SLOW_DOWN, {"provider": provider, "in_flight": in_flight(provider)})
    _slowed.forget()


def speed_up() -> None:
    """A tenth more every ten seconds, until as much is in flight as when it was too much."""
    run_prepared(SPEED_UP, {})


@functools.cache
def _whole(statement: str) -> str:
    return statement.format(filled=FILLED, stuck=STUCK)


def _settings(provider: str) -> tuple[int, int]:
    """Most calls at once and a minute; 0 stands for no limit."""
    return settings.PROVIDER_LIMITS.get(provider, (0, 0))
