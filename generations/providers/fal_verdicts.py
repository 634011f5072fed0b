"""What a failed result at fal means. It was accepted before, so each is an end or no answer at all.

fal bills successful outputs alone, and never its own errors; a 422 may be billed, which the list
of charges then shows.
"""

import re
from http import HTTPStatus

from generations.providers.base import RawAnswer
from generations.providers.decoding import decode, mapping, sequence, string
from generations.providers.envelopes import read_complaint
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.providers.redaction import Redactor
from generations.providers.verdicts import read_retry_after

_REFUSED = re.compile(r"content_policy_violation|content polic|moderat|nsfw", re.IGNORECASE)
_TOO_LARGE = re.compile(r"image_too_large|file_too_large", re.IGNORECASE)
_NOT_YET = re.compile(r"in progress|not (yet )?complete|in queue", re.IGNORECASE)
_ABOUT_US = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
CANCELLED = 499
_LOST = {HTTPStatus.NOT_FOUND, CANCELLED}  # thrown away by fal, or by somebody at fal


class ResultGone(ProviderError):
    """fal keeps results for an hour at most, large ones for minutes: this one is not there."""


def judge_result(
    raw: RawAnswer, redactor: Redactor, *, is_vouched_for: bool = False
) -> ProviderError:
    """The error for a result that is no 2xx, whoever handed it to us.

    `is_vouched_for` is one whose status fal itself has said elsewhere: it is no gateway's.
    """
    complaint = read_complaint(raw.body)
    said = f"{complaint.codes} {complaint.text} {raw.headers.get('x-fal-error-type', '')}"
    is_fals = is_vouched_for or _names_its_type(raw)
    outcome, kind = _decide(raw, said, is_own=complaint.is_own, is_fals=is_fals)
    words = redactor.line(complaint.text) or "nothing more"
    is_gone = raw.status_code == HTTPStatus.NOT_FOUND and outcome is Outcome.REJECTED
    error = ResultGone if is_gone else ProviderError
    return error(
        f"fal answered {raw.status_code}: {words}",
        outcome=outcome,
        kind=kind,
        status_code=raw.status_code,
        retry_after=read_retry_after(raw.headers.get("retry-after", "")),
        field=redactor.line(complaint.field or "") or None,
        raw=raw,
    )


def _decide(raw: RawAnswer, said: str, *, is_own: bool, is_fals: bool) -> tuple[Outcome, ErrorKind]:
    status = raw.status_code
    if not is_own or status in _ABOUT_US:
        return Outcome.UNKNOWN, ErrorKind.UNAVAILABLE  # a proxy, our key, our haste: ask again
    if status == HTTPStatus.BAD_REQUEST and _NOT_YET.search(said):
        return Outcome.UNKNOWN, ErrorKind.UNAVAILABLE
    again = False if status in _LOST else _may_run_again(raw, is_fals=is_fals)
    if again is None:
        return Outcome.UNKNOWN, ErrorKind.UNAVAILABLE
    if again:
        return Outcome.NOT_RUN, ErrorKind.UNAVAILABLE
    return Outcome.REJECTED, ErrorKind.TIMEOUT if _is_late(raw) else _whose_fault(status, said)


def _may_run_again(raw: RawAnswer, *, is_fals: bool) -> bool | None:
    """What fal says; of its own failures, where it says nothing, all but a start that timed out.

    None for a failure that may be of a gateway alone, before a result that was made and billed.
    """
    stated = raw.headers.get("x-fal-retryable", "").strip().lower()
    if stated in {"true", "false"}:
        return stated == "true"
    if raw.status_code < HTTPStatus.INTERNAL_SERVER_ERROR or _is_late(raw):
        return False
    return True if is_fals else None


def _is_late(raw: RawAnswer) -> bool:
    """Whether it was dropped because it was not begun within the time that we gave it."""
    return raw.headers.get("x-fal-request-timeout-type", "").lower() == "user"


def _names_its_type(raw: RawAnswer) -> bool:
    """Whether it says which of fal's failures, or of the model's, it is."""
    try:
        document = mapping(decode(raw.body))
    except ValueError:
        return False
    issues = map(mapping, sequence(document.get("detail")))
    types = (document.get("error_type"), *(issue.get("type") for issue in issues))
    return any(map(string, (raw.headers.get("x-fal-error-type"), *types)))


def _whose_fault(status: int, said: str) -> ErrorKind:
    if status in _LOST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ErrorKind.SERVER
    if _REFUSED.search(said):
        return ErrorKind.REFUSED
    return ErrorKind.TOO_LARGE if _TOO_LARGE.search(said) else ErrorKind.INVALID
