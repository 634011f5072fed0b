"""How many calls a provider gets at once and a minute, counted for all workers together.

Who claims locks the provider's row first and counts in a statement of its own: in the statement
that waited for the lock, the claims it waited for would not be seen.
"""

import time
from dataclasses import dataclass, field

from django.conf import settings

from config.sql import run_prepared
from generations.models import Gate

SLOWED_KNOWN_FOR = 1.0  # seconds

# The allowance, in thousandths of a call, fills as time goes by: up to what ten seconds bring, so
# that a quiet hour is not followed by a burst.
ENTER = """
INSERT INTO generations_gate AS gate (provider, allowance, slowed_from)
VALUES (%(provider)s, %(a_minute)s * 1000 / 6, 0)
ON CONFLICT (provider) DO UPDATE SET filled_at = statement_timestamp(), allowance = least(
    gate.allowance
        + extract(epoch FROM statement_timestamp() - gate.filled_at) * %(a_minute)s * 1000 / 60,
    greatest(%(a_minute)s * 1000 / 6, 1000)
)
RETURNING allowance, slowed_to
"""
# With us or in the provider's queue.
IN_FLIGHT = """
SELECT count(*) FROM generations_generationrequest
WHERE status IN ('sending', 'submitted') AND provider = %(provider)s
"""
WAITS = """
SELECT EXISTS (
    SELECT 1 FROM generations_generationrequest
    WHERE status = 'queued' AND provider = %(provider)s AND due_at <= statement_timestamp()
)
"""
TAKE = """
UPDATE generations_gate SET allowance = allowance - 1000
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
    ((waits,),) = run_prepared(WAITS, {"provider": provider})
    return waits and (not most or in_flight(provider) < most)


def enter(provider: str) -> bool:
    """Lock the provider's gate for the transaction; whether one more call may begin."""
    most, a_minute = _settings(provider)
    values = {"provider": provider, "a_minute": a_minute}
    ((allowance, slowed_to),) = run_prepared(ENTER, values)
    if a_minute and allowance < 1000:  # noqa: PLR2004  # thousandths of a call
        return False
    limits = [limit for limit in (most, slowed_to) if limit]
    return not limits or in_flight(provider) < min(limits)


def take(provider: str) -> None:
    """Count one call against the allowance of the minute."""
    run_prepared(TAKE, {"provider": provider})


def in_flight(provider: str) -> int:
    ((count,),) = run_prepared(IN_FLIGHT, {"provider": provider})
    return int(count)


def slow_down(provider: str) -> None:
    """After a 429: have half of what is in flight at once, and then ever more again."""
    run_prepared(SLOW_DOWN, {"provider": provider, "in_flight": in_flight(provider)})
    _slowed.forget()


def speed_up() -> None:
    """A tenth more every ten seconds, until as much is in flight as when it was too much."""
    run_prepared(SPEED_UP, {})


def _settings(provider: str) -> tuple[int, int]:
    """Most calls at once and a minute; 0 stands for no limit."""
    return settings.PROVIDER_LIMITS.get(provider, (0, 0))
