"""What is always true of sound books, each in words for whom the credits belong to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.services import violations, violations_in_order, violations_in_time


@dataclass(frozen=True, slots=True)
class Invariant:
    """`looks` are queries for what contradicts it, by the words that then say so.

    Two rooms may each look after a part of one: they say the same `key`.
    """

    key: str
    says: str
    looks: Mapping[str, str]
    values: Mapping[str, int] = field(default_factory=dict)


# Half of it is known where statements are made.
DAYS_AND_FILES = (
    "Every day begins with what the day before ended with and keeps what was used in it, and a "
    "month's file says what its statement does"
)
INVARIANTS = (
    Invariant("I1", "Every balance is what its entries add up to", violations.BALANCES),
    Invariant(
        "I2",
        "What is reserved is what the open holds add up to, for the team and for each limit",
        violations.RESERVED,
    ),
    Invariant("I3", "No team has less than nothing", violations.COVERED),
    Invariant(
        "I4",
        "Every entry takes from one account what it gives another; together they are zero",
        violations.ENTRIES,
    ),
    Invariant(
        "I5",
        "Every hold ends once, and is charged at most once and never above its amount",
        violations.HOLDS,
    ),
    Invariant("I6", "Nobody got more back than was charged", violations.REFUNDS),
    Invariant("I7", "Nothing can be booked twice", violations.KEYS),
    Invariant("I8", "What was written cannot be changed or removed", violations.APPEND_ONLY),
    Invariant(
        "I9",
        "What was spent was taken from credits that had come in, in their order, none twice",
        {**violations_in_time.LOTS, **violations_in_order.BURNT},
    ),
    Invariant("I10", DAYS_AND_FILES, violations_in_time.DAYS),
    Invariant(
        "I12",
        "What came in was spent, moved on, ran out, or is still there",
        violations_in_time.CONSERVATION,
    ),
    Invariant(
        "I14",
        "At no hour was more reserved and spent than there was",
        violations_in_time.ADMISSION,
    ),
)
