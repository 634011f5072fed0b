"""What the sandbox's endpoints share."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.requests import Request

from generations.sandbox.book import KEY_PREFIX, Book
from generations.sandbox.fal.jobs import Jobs
from generations.sandbox.fal.signing import Signer
from generations.sandbox.faults import Faults
from generations.sandbox.prices import Prices
from generations.sandbox.problems import Problem


@dataclass(slots=True, kw_only=True)
class Fal:
    """What only fal's side of the sandbox has; forgotten when the process ends."""

    jobs: Jobs = field(default_factory=Jobs)
    signer: Signer = field(default_factory=Signer)
    uploads: dict[str, str] = field(default_factory=dict)  # address → data URI


@dataclass(slots=True, kw_only=True)
class Sandbox:
    book: Book
    delay: float = 0.0  # seconds that the work on one request takes
    faults: Faults = field(default_factory=Faults)
    prices: Prices = field(default_factory=Prices)
    fal: Fal = field(default_factory=Fal)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def bearer_key(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def check_key(key: str) -> None:
    """Any key opens the sandbox, except those made to be refused; raises Problem."""
    if not key:
        raise Problem(
            status=401,
            message="You provided an empty string instead of valid API key. "
            "Please, provide a valid API key.",
        )
    if not check_is_valid(key):
        raise Problem(status=401, message="Invalid API key provided.")


def check_is_valid(key: str) -> bool:
    return not key.startswith("invalid")


def own_prefix(request: Request) -> str:
    """The part of the key that the book knows it by; raises Problem without a key."""
    key = bearer_key(request)
    check_key(key)
    return key[:KEY_PREFIX]


def is_broke(key: str) -> bool:
    return key.startswith("broke")
