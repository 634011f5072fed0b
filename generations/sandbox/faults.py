"""What shall go wrong, by rules that a test sends beforehand.

A rule names a fault, a part of the prompt it is meant for, and how often it strikes. Faults of
the first group strike the POST, the `file_` faults the downloads of its pictures, the `logs_`
fault every reading of the logs. At fal, the `fal_` faults strike the work on what was queued, and
the questions about it (`fal_status_`, `fal_result_`, `fal_cancel_`); the `hook_` faults strike the
webhook about it, and the `keys_` fault the list of keys that webhooks are signed with.
"""

import math
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from generations.sandbox.problems import ENVELOPES
from generations.sandbox.shapes import SHAPES

REMEMBERED = 10_000


PLACES = {"file", "logs", "fal", "hook", "keys"}


class Fault(StrEnum):
    NONE = "none"
    DELAY = "delay"
    STATUS = "status"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    DRIP = "drip"
    GARBAGE = "garbage"
    EMPTY = "empty"
    SHAPE = "shape"
    BLOCKED = "blocked"
    FEWER = "fewer"
    COST = "cost"
    NO_COST = "no_cost"
    FILE_STATUS = "file_status"
    FILE_DROP = "file_drop"
    FILE_SLOW = "file_slow"
    FILE_TRUNCATED = "file_truncated"
    FILE_TYPE = "file_type"
    FILE_HTML = "file_html"
    FILE_REDIRECT = "file_redirect"
    FILE_OVERSIZED = "file_oversized"
    FILE_BOMB = "file_bomb"
    LOGS_STATUS = "logs_status"
    FAL_WAIT = "fal_wait"
    FAL_ERROR = "fal_error"
    FAL_GONE = "fal_gone"
    FAL_STATUS_FAILS = "fal_status_fails"
    FAL_STATUS_CUT = "fal_status_cut"
    FAL_STATUS_GARBAGE = "fal_status_garbage"
    FAL_RESULT_FAILS = "fal_result_fails"
    FAL_RESULT_CUT = "fal_result_cut"
    FAL_RESULT_GARBAGE = "fal_result_garbage"
    FAL_CANCEL_FAILS = "fal_cancel_fails"
    FAL_CANCEL_CUT = "fal_cancel_cut"
    FAL_CANCEL_GARBAGE = "fal_cancel_garbage"
    HOOK_NEVER = "hook_never"
    HOOK_EARLY = "hook_early"
    HOOK_TWICE = "hook_twice"
    HOOK_FORGED = "hook_forged"
    HOOK_OLD = "hook_old"
    HOOK_ROTATED = "hook_rotated"
    KEYS_STATUS = "keys_status"

    @property
    def place(self) -> str:
        """Where it strikes: "post", or one of PLACES."""
        place = self.partition("_")[0]
        return place if place in PLACES else "post"


COMMON: Mapping[str, frozenset[str]] = {
    "post": frozenset({"fault", "match", "times", "seconds"}),
    "file": frozenset({"fault", "match", "times"}),
    "logs": frozenset({"fault", "times"}),
    "fal": frozenset({"fault", "match", "times"}),
    "hook": frozenset({"fault", "match", "times"}),
    "keys": frozenset({"fault", "times"}),
}
OWN: Mapping[Fault, frozenset[str]] = {
    Fault.STATUS: frozenset(
        {"status", "envelope", "message", "kind", "retry_after", "charged", "logged"}
    ),
    Fault.DROP_BEFORE: frozenset({"logged"}),
    Fault.DROP_AFTER: frozenset({"partial"}),
    Fault.DRIP: frozenset({"rate"}),
    Fault.GARBAGE: frozenset({"charged"}),
    Fault.EMPTY: frozenset({"charged"}),
    Fault.SHAPE: frozenset({"shape"}),
    Fault.BLOCKED: frozenset({"shape"}),
    Fault.FEWER: frozenset({"images"}),
    Fault.COST: frozenset({"credits"}),
    Fault.NO_COST: frozenset({"credits"}),
    Fault.FILE_STATUS: frozenset({"status"}),
    Fault.FILE_SLOW: frozenset({"rate"}),
    Fault.FILE_TYPE: frozenset({"content_type"}),
    Fault.FILE_REDIRECT: frozenset({"location"}),
    Fault.FILE_OVERSIZED: frozenset({"size", "declared"}),
    Fault.LOGS_STATUS: frozenset({"status", "retry_after"}),
    Fault.FAL_WAIT: frozenset({"seconds", "position"}),
    Fault.FAL_ERROR: frozenset({"status", "message", "error_type", "retryable", "charged"}),
    **dict.fromkeys(
        (Fault.FAL_STATUS_FAILS, Fault.FAL_RESULT_FAILS, Fault.FAL_CANCEL_FAILS),
        frozenset({"status", "envelope", "message", "retry_after"}),
    ),
    Fault.KEYS_STATUS: frozenset({"status"}),
}


class RuleError(ValueError):
    """A rule that cannot be followed; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    fault: Fault = Fault.NONE
    match: str = ""  # a part of the prompt; empty for every prompt
    times: int | None = 1  # None: until the rules are deleted
    seconds: float | None = None  # how long the work takes, instead of the sandbox's delay
    status: int = 500
    envelope: str | None = None  # problem, legacy, openai, html or empty; None: as captured
    message: str | None = None
    kind: str | None = None  # error.data.kind of the problem envelope
    retry_after: int | None = None
    charged: bool | None = None
    logged: bool | None = None  # whether a failed call shows in the logs
    partial: bool = False  # cut in the middle of the answer, not before it
    rate: float = 1.0  # bytes per second
    shape: str | None = None  # A, B, C, D, E, or D with the pictures inside: b64
    images: int | None = None  # how many arrive; None: one fewer than asked
    credits: int | None = None  # what is charged, instead of the catalog's price
    content_type: str = "text/plain"
    location: str = "http://169.254.169.254/latest/meta-data/"
    size: int = 200_000_000
    declared: bool = False  # whether Content-Length tells the size
    position: int = 0  # how many are said to be before it in fal's queue
    error_type: str | None = None
    retryable: bool | None = None  # what X-Fal-Retryable says, if anything

    @property
    def runs(self) -> bool:
        """Whether the work is done, and so charged."""
        if self.charged is not None:
            return self.charged
        return self.fault not in {Fault.STATUS, Fault.DROP_BEFORE, Fault.FAL_ERROR}

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"retry-after": str(self.retry_after)}

    @property
    def in_logs(self) -> bool:
        return self.fault is not Fault.DROP_BEFORE if self.logged is None else self.logged


KINDS = {field.name: field.type for field in fields(Rule)}
BOUNDS: Mapping[str, tuple[float, float]] = {
    "times": (1, math.inf),
    "seconds": (0, 3600),
    "status": (400, 599),
    "retry_after": (0, 3600),
    "rate": (0.1, math.inf),
    "images": (0, 4),
    "credits": (0, math.inf),
    "size": (1, math.inf),
    "position": (0, 10_000),
}
WORDS: Mapping[str, Collection[str]] = {
    "shape": SHAPES,
    "envelope": {*ENVELOPES, "html", "empty"},
}
NO_FAULT = Rule()


class Faults:
    """The rules in force, the oldest first; each strike uses one up."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._prompts: OrderedDict[str, str] = OrderedDict()

    def add(self, rules: object) -> None:
        """Take a list of rules, all or none; raises RuleError."""
        if not isinstance(rules, list):
            raise RuleError("Send a list of rules.")
        self._rules += [read_rule(rule) for rule in rules]

    def clear(self) -> None:
        self._rules.clear()

    def at_post(self, prompt: str) -> Rule:
        return self._strike("post", prompt)

    def at_file(self, digest: str) -> Rule:
        return self._strike("file", self._prompts.get(digest, ""))

    def at_logs(self) -> Rule:
        return self._strike("logs", "")

    def at_wait(self, prompt: str) -> Rule:
        return self._strike_with(Fault.FAL_WAIT, prompt=prompt)

    def at_work(self, prompt: str) -> Rule:
        return self._strike_with(Fault.FAL_ERROR, prompt=prompt)

    def is_gone(self, prompt: str) -> bool:
        return self._strike_with(Fault.FAL_GONE, prompt=prompt) is not NO_FAULT

    def at_question(self, about: str, prompt: str) -> Rule:
        """`about` is status, result or cancel."""
        asked = f"fal_{about}_"
        return self._strike_with(*(one for one in Fault if one.startswith(asked)), prompt=prompt)

    def takes_early(self, prompt: str) -> bool:
        """Whether the webhook shall be there before the answer to the submit."""
        return self._strike_with(Fault.HOOK_EARLY, prompt=prompt) is not NO_FAULT

    def at_hook(self, prompt: str) -> Rule:
        return self._strike("hook", prompt)

    def at_keys(self) -> Rule:
        return self._strike("keys", "")

    def remember(self, digest: str, prompt: str) -> None:
        """Which prompt a picture is of: file faults match it."""
        self._prompts[digest] = prompt
        if len(self._prompts) > REMEMBERED:
            self._prompts.popitem(last=False)

    def _strike(self, place: str, prompt: str) -> Rule:
        return self._strike_with(*(fault for fault in Fault if fault.place == place), prompt=prompt)

    def _strike_with(self, *faults: Fault, prompt: str) -> Rule:
        for index, rule in enumerate(self._rules):
            if rule.fault in faults and rule.match in prompt:
                self._use_up(index)
                return rule
        return NO_FAULT

    def _use_up(self, index: int) -> None:
        rule = self._rules[index]
        if rule.times == 1:
            del self._rules[index]
        elif rule.times is not None:
            self._rules[index] = replace(rule, times=rule.times - 1)


def read_rule(words: object) -> Rule:
    if not isinstance(words, dict) or words.get("fault") not in list(Fault)[1:]:
        raise RuleError(f"A rule names one of the faults {', '.join(list(Fault)[1:])}.")
    fault = Fault(words["fault"])
    allowed = COMMON[fault.place] | OWN.get(fault, frozenset())
    for name, value in words.items():
        if name not in allowed:
            raise RuleError(f"{fault} takes {', '.join(sorted(allowed))}, not {name!r}.")
        if not _is_a(value, KINDS[name]) or not _is_within(name, value):
            raise RuleError(f"{name} of {fault} cannot be {value!r}.")
    return Rule(**words | {"fault": fault})


def _is_a(value: object, kind: Any) -> bool:
    if isinstance(value, bool):
        return kind in (bool, bool | None)
    if kind is Fault:
        return True
    return isinstance(value, kind) or (isinstance(value, int) and isinstance(float(value), kind))


def _is_within(name: str, value: object) -> bool:
    if name in WORDS and isinstance(value, str):
        return value in WORDS[name]
    if name in BOUNDS and isinstance(value, int | float):
        low, high = BOUNDS[name]
        return low <= value <= high
    return True
