"""Reads what fal's queue says; anything else than the documented form is doubt, never a guess."""

import re
from decimal import Decimal, InvalidOperation
from http import HTTPStatus

from generations.providers.base import Cancellation, Progress, RawAnswer, Stage, Submission
from generations.providers.decoding import decode, integer, mapping, sequence, string
from generations.providers.errors import ErrorKind, Outcome, ProviderError, UnreadableAnswer
from generations.providers.redaction import Redactor

LONGEST_ID = 120
LONGEST_ADDRESS = 500
LONGEST_WORDS = 120
MOST_BEFORE = 2**31 - 1
MOST_UNITS = 10**6
_STAGES = {
    "IN_QUEUE": Stage.QUEUED,
    "IN_PROGRESS": Stage.WORKING,
    "COMPLETED": Stage.DONE,
}
_STATUS = re.compile(r"status code:? ([0-9]{3})\b")
_ID = re.compile(rf"[A-Za-z0-9._:-]{{1,{LONGEST_ID}}}", re.ASCII)


def read_submission(raw: RawAnswer) -> Submission:
    """Raises UnreadableAnswer unless the id and all of the addresses are there."""
    try:
        document = mapping(decode(raw.body))
    except ValueError:
        document = {}
    request_id = string(document.get("request_id"))
    names = ("status_url", "response_url", "cancel_url")
    addresses = [string(document.get(name)) for name in names]
    if not _ID.fullmatch(request_id) or not all(map(_is_address, addresses)):
        raise UnreadableAnswer("fal took the request without saying where to ask for it", raw=raw)
    position = _position(document.get("queue_position"))
    return Submission(request_id, addresses[0], addresses[1], addresses[2], position)


def read_progress(raw: RawAnswer, redactor: Redactor) -> Progress:
    """Raises ProviderError if it says none of the documented states."""
    try:
        document = mapping(decode(raw.body))
    except ValueError:
        document = {}
    stage = _STAGES.get(string(document.get("status")))
    if stage is None:
        raise _unclear("fal's status is not in the documented form", raw)
    logs = [string(mapping(line).get("message")) for line in sequence(document.get("logs"))]
    words = next((line for line in map(redactor.line, reversed(logs)) if line), "")
    position = _position(document.get("queue_position")) if stage is Stage.QUEUED else None
    stated = read_failure(string(document.get("error"))) if stage is Stage.DONE else None
    return Progress(stage, position, words[:LONGEST_WORDS], stated)


def read_failure(words: str) -> int | None:
    """The status of a failed result, from the words that fal has for it everywhere."""
    stated = _STATUS.search(words)
    return int(stated[1]) if stated else None


def read_cancellation(raw: RawAnswer) -> Cancellation:
    """Only 200 says that it was dropped; raises ProviderError for anything that is no answer."""
    if raw.status_code == HTTPStatus.OK:
        return Cancellation.ACKNOWLEDGED
    if raw.status_code == HTTPStatus.ACCEPTED:
        return Cancellation.REQUESTED
    try:
        said = string(mapping(decode(raw.body)).get("status"))
    except ValueError:
        said = ""
    if said == "ALREADY_COMPLETED":
        return Cancellation.TOO_LATE
    raise _unclear(f"fal answered {raw.status_code} to a cancellation", raw)


def read_units(raw: RawAnswer) -> Decimal | None:
    """What fal says it billed for a result; not knowing is not the same as 0."""
    try:
        units = Decimal(raw.headers.get("x-fal-billable-units", "").strip())
    except InvalidOperation:
        return None
    return units if units.is_finite() and 0 <= units <= MOST_UNITS else None


def _position(value: object) -> int | None:
    return integer(value, minimum=0, maximum=MOST_BEFORE)


def _is_address(text: str) -> bool:
    return text.startswith(("https://", "http://")) and len(text) <= LONGEST_ADDRESS


def _unclear(words: str, raw: RawAnswer) -> ProviderError:
    return ProviderError(
        words,
        outcome=Outcome.UNKNOWN,
        kind=ErrorKind.UNREADABLE,
        status_code=raw.status_code,
        raw=raw,
    )
