"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562)."""

import secrets
import time
import uuid
from datetime import datetime

NANOSECONDS = 1_000_000  # in a millisecond


def uuid7() -> uuid.UUID:
    """A new UUIDv7: Unix milliseconds, a 4096th of one in 12 bits, then 62 random bits.

    The finer time keeps rows that one statement makes in the order they were made.
    """
    milliseconds, rest = divmod(time.time_ns(), NANOSECONDS)
    fraction = rest * 4096 // NANOSECONDS
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | fraction << 64
    return uuid.UUID(int=value | 0x2 << 62 | secrets.randbits(62))


def first_uuid7(at: datetime) -> uuid.UUID:
    """The least UUIDv7 of a moment: every id made from then on is at least that."""
    milliseconds = int(at.timestamp() * 1000)
    return uuid.UUID(int=(milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | 0x2 << 62)


def uuid7_at(at: datetime, rest: int) -> uuid.UUID:
    """The UUIDv7 of a moment, with these 74 bits behind it."""
    return uuid.UUID(int=first_uuid7(at).int | rest >> 62 << 64 | rest & (1 << 62) - 1)
