"""What can go wrong at a provider, with the one decision each caller needs in it."""

from decimal import Decimal
from enum import StrEnum

from generations.providers.base import Cost, RawAnswer


class Outcome(StrEnum):
    REJECTED = "rejected"  # for good; the picture was not made
    NOT_RUN = "not_run"  # provably never ran: may be sent again
    UNKNOWN = "unknown"  # may have run and cost: only the provider's records can tell


class ErrorKind(StrEnum):
    INVALID = "invalid"
    UNAUTHORIZED = "unauthorized"
    NO_CREDITS = "no_credits"
    FORBIDDEN = "forbidden"
    MODEL_GONE = "model_gone"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    CONNECTION = "connection"
    TIMEOUT = "timeout"
    SERVER = "server"
    UNREADABLE = "unreadable"


class ProviderError(Exception):
    """`message` is for an operator and holds neither key nor prompt.

    `cost` is what the provider says the failure took; nearly always None.
    """

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome,
        kind: ErrorKind,
        status_code: int | None = None,
        retry_after: float | None = None,
        field: str | None = None,
        raw: RawAnswer | None = None,
        cost: Cost | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.outcome = outcome
        self.kind = kind
        self.status_code = status_code
        self.retry_after = retry_after
        self.field = field
        self.raw = raw
        self.cost = cost


class UnreadableAnswer(ProviderError):
    """A 2xx that cannot be used: the work may be done and charged, in money or in `units`."""

    units: Decimal | None = None

    def __init__(self, message: str, *, raw: RawAnswer, cost: Cost | None = None) -> None:
        super().__init__(
            message,
            outcome=Outcome.UNKNOWN,
            kind=ErrorKind.UNREADABLE,
            status_code=raw.status_code,
            raw=raw,
            cost=cost,
        )


class DownloadError(Exception):
    """A result could not be fetched; when `permanent`, asking again would not help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
