"""The decision on each failed call: rejected for good, never ran, or nobody can tell.

"Not charged" is said only where the status proves it; RFC 9110 section 9.2.2 forbids resending
what may have been applied.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from generations.providers.answers import read_cost
from generations.providers.base import RawAnswer
from generations.providers.envelopes import Complaint, read_complaint
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.providers.redaction import Redactor
from generations.providers.transport import Exchange

LONGEST_WAIT = 120.0

_Verdict = tuple[Outcome, ErrorKind]
_BY_STATUS: dict[int, _Verdict] = {
    # No redirect is followed: it would pay twice, and carry key and prompt elsewhere. 303 points
    # at the result of work that was done; any other 3xx says that our base URL is wrong.
    303: (Outcome.UNKNOWN, ErrorKind.SERVER),
    401: (Outcome.REJECTED, ErrorKind.UNAUTHORIZED),
    402: (Outcome.REJECTED, ErrorKind.NO_CREDITS),
    403: (Outcome.REJECTED, ErrorKind.FORBIDDEN),
    404: (Outcome.REJECTED, ErrorKind.MODEL_GONE),
    408: (Outcome.UNKNOWN, ErrorKind.TIMEOUT),
    413: (Outcome.REJECTED, ErrorKind.TOO_LARGE),
    429: (Outcome.NOT_RUN, ErrorKind.RATE_LIMITED),
    499: (Outcome.UNKNOWN, ErrorKind.TIMEOUT),
    502: (Outcome.UNKNOWN, ErrorKind.UNAVAILABLE),
    503: (Outcome.UNKNOWN, ErrorKind.UNAVAILABLE),
    504: (Outcome.UNKNOWN, ErrorKind.TIMEOUT),
    524: (Outcome.UNKNOWN, ErrorKind.TIMEOUT),
}
_BY_CLASS: dict[int, _Verdict] = {
    3: (Outcome.REJECTED, ErrorKind.UNAVAILABLE),
    4: (Outcome.REJECTED, ErrorKind.INVALID),
}
_OTHERWISE: _Verdict = (Outcome.UNKNOWN, ErrorKind.SERVER)

# The provider itself writes err_insufficent_credits.
_OUT_OF_CREDITS = re.compile(r"insuffi\w*cred|outoffunds|credit|fund|balance", re.IGNORECASE)
_REFUSED = re.compile(
    r"content[_ ]polic|safety (system|filter|check)|moderat(ed|ion)|nsfw|flagged", re.IGNORECASE
)
_NEVER_RAN = re.compile(
    r"\b(not|never) ((yet|been) )*(started|executed|processed|accepted|run|ran)\b", re.IGNORECASE
)


def judge(
    call: Exchange, raw: RawAnswer, *, provider: str, redactor: Redactor
) -> ProviderError | None:
    """None for a whole 2xx, whatever it holds; else the error to raise."""
    if call.is_success and not call.trouble:
        return None
    if call.is_success or not call.status_code:
        return _broken(call, raw, provider=provider, redactor=redactor)
    return _refusal(raw, provider=provider, redactor=redactor)


def _refusal(raw: RawAnswer, *, provider: str, redactor: Redactor) -> ProviderError:
    complaint = read_complaint(raw.body)
    outcome, kind = _decide(raw.status_code, complaint)
    said = redactor.line(complaint.text) or "nothing more"
    return ProviderError(
        f"{provider} answered {raw.status_code}: {said}",
        outcome=outcome,
        kind=kind,
        status_code=raw.status_code,
        retry_after=read_retry_after(raw.headers.get("retry-after", "")),
        field=redactor.line(complaint.field or "") or None,
        raw=raw,
        cost=read_cost(None, raw.headers),
    )


def _broken(call: Exchange, raw: RawAnswer, *, provider: str, redactor: Redactor) -> ProviderError:
    what, outcome, kind = "could not be reached", Outcome.NOT_RUN, ErrorKind.CONNECTION
    if call.sent:
        what, outcome = "gave no whole answer", Outcome.UNKNOWN
        kind = ErrorKind.TIMEOUT if call.timed_out else kind
    return ProviderError(
        f"{provider} {what}: {redactor.line(call.trouble)}",
        outcome=outcome,
        kind=kind,
        status_code=call.status_code or None,
        raw=raw if call.status_code else None,
        cost=read_cost(None, raw.headers),
    )


def read_retry_after(value: str) -> float | None:
    """Seconds to wait, from seconds or a date, never more than LONGEST_WAIT."""
    if re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII):
        return min(float(value[:12]), LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _decide(status_code: int, complaint: Complaint) -> _Verdict:
    outcome, kind = _BY_STATUS.get(status_code) or _BY_CLASS.get(status_code // 100, _OTHERWISE)
    if not complaint.is_own:
        return outcome, kind
    said = f"{complaint.codes} {complaint.text}"
    if kind is ErrorKind.FORBIDDEN and _OUT_OF_CREDITS.search(said):
        kind = ErrorKind.NO_CREDITS
    elif kind in (ErrorKind.FORBIDDEN, ErrorKind.INVALID) and _REFUSED.search(said):
        kind = ErrorKind.REFUSED
    elif status_code == HTTPStatus.SERVICE_UNAVAILABLE and _NEVER_RAN.search(said):
        outcome = Outcome.NOT_RUN
    return outcome, kind
