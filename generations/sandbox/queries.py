"""Reads query strings as strictly as the vendor documents; everything here raises Problem."""

import re
from collections.abc import Collection
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from generations.parameters import Json
from generations.sandbox.problems import Problem

WHOLE = re.compile(r"\d{1,9}", re.ASCII)


def refused(name: str, words: str) -> Problem:
    issue: Json = {"code": "custom", "path": [name], "message": words}
    return Problem(status=400, message="Invalid query parameters", data=[issue])


def integer(params: QueryParams, name: str, *, default: int, low: int, high: int | None) -> int:
    text = params.get(name, str(default))
    number = int(text) if WHOLE.fullmatch(text) else None
    if number is None or number < low or (high is not None and number > high):
        raise refused(name, f"Expected an integer of {low} to {high or 'any size'}")
    return number


def choices(params: QueryParams, name: str, allowed: Collection[str]) -> set[str]:
    """Every value given for a repeated parameter; all that are allowed if there is none."""
    given = set(params.getlist(name))
    if not given <= set(allowed):
        raise refused(name, f"Expected one of {', '.join(sorted(allowed))}")
    return given or set(allowed)


def moment(params: QueryParams, name: str) -> datetime | None:
    """A time in ISO 8601; one without an offset is UTC."""
    if name not in params:
        return None
    try:
        # A "+" that was not escaped arrives as a space.
        parsed = datetime.fromisoformat(params[name].replace(" ", "+"))
    except ValueError as error:
        raise refused(name, "Expected a time in ISO 8601") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
