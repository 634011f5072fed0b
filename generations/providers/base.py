"""What every provider promises, in types that nobody can change after the fact.

A leaf: nothing here knows the database, Django or the settings; what is needed is handed in.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from generations.providers.errors import ProviderError


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """`result_hosts` holds "host" or "host:port"; what each form permits is told in guard.py."""

    name: str
    base_url: str
    key: str = field(repr=False)
    result_hosts: tuple[str, ...] = ()
    deadline: float = 300.0
    connect_timeout: float = 10.0
    max_download_bytes: int = 40_000_000
    download_deadline: float = 60.0


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back, kept before anyone tries to understand it. The body may hold the prompt."""

    status_code: int
    headers: dict[str, str]
    body: str = field(repr=False)
    duration: float


@dataclass(frozen=True, slots=True)
class Output:
    """One picture: where it lies (the address may be signed), its bytes, or both."""

    url: str | None = field(repr=False)
    data: bytes | None = field(repr=False)
    width: int | None
    height: int | None
    content_type: str | None
    flagged: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What the provider says it took; `native_amount` counts `native_unit`."""

    nano_usd: int
    native_amount: int
    native_unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Answer:
    outputs: tuple[Output, ...]
    seed: int | None
    cost: Cost | None
    inference_id: str
    units: Decimal | None = None  # what was billed, in the unit of the model's price


@dataclass(frozen=True, slots=True)
class Submission:
    """What a provider took into its queue, and its own addresses to ask about it."""

    request_id: str
    status_url: str
    response_url: str
    cancel_url: str
    position: int | None


class Stage(StrEnum):
    QUEUED = "queued"
    WORKING = "working"
    DONE = "done"  # well or badly: the result tells


@dataclass(frozen=True, slots=True)
class Progress:
    """`position` counts those before it; `words` are the last of the model's own log.

    `failed_with` is the status of the result of what is done, and failed.
    """

    stage: Stage
    position: int | None
    words: str
    failed_with: int | None = None


class Cancellation(StrEnum):
    ACKNOWLEDGED = "acknowledged"  # it is out of the queue, unmade
    REQUESTED = "requested"  # it may be made and charged all the same: only looks will tell
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The provider's own record of one request, found by the id we sent with it."""

    client_request_id: str
    inference_id: str
    status: str
    succeeded: bool
    cost_nano_usd: int
    created_at: datetime | None


Found = tuple[str, "LogEntry | ProviderError"]  # by our id


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that left our account at the provider, and the inference it was for.

    Below zero it came back. `key_name` is what the provider calls the key, where it says so.
    """

    inference_id: str
    nano_usd: int
    created_at: datetime
    key_name: str = ""


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """What a provider asks for a model, per "image" or "megapixel"; without amount it says why."""

    model: str
    names: frozenset[str]  # its aliases too
    nano_usd: int | None
    unit: str
    why: str


@dataclass(frozen=True, slots=True)
class Download:
    """A whole picture, its type and size told from its own bytes."""

    data: bytes = field(repr=False)
    content_type: str
    width: int
    height: int


class Provider(Protocol):
    @property
    def key_prefix(self) -> str:
        """What may be shown of our key; never enough of it to be used."""

    def parse(self, raw: RawAnswer) -> Answer:
        """Read a 2xx, touching nothing else. Raises UnreadableAnswer; it may have been charged."""

    def download(self, url: str) -> Download:
        """Fetch one result from where results may lie. Raises DownloadError."""

    def find_in_log(
        self, *, client_request_ids: Set[str], since: datetime, until: datetime
    ) -> Iterator[Found]:
        """Look requests up in the provider's records, each with what they say or why it is unclear.

        One that is left out is surely not there. Raises ProviderError when the records cannot be
        read to the end.
        """

    def read_log(self, *, since: datetime, until: datetime) -> Iterator[LogEntry]:
        """Every request of our key in that time, some perhaps twice. Raises ProviderError.

        Each entry has an inference id and a time; a request may be missing for a while after it.
        """

    def read_charges(self, *, since: datetime, until: datetime) -> Iterator[Charge]:
        """What was taken for inferences from our account in that time, and what came back.

        Raises ProviderError.
        """

    def read_prices(self, models: Sequence[str]) -> list[ListedPrice]:
        """What the provider says these models cost, and maybe others. Raises ProviderError."""


class DirectProvider(Provider, Protocol):
    """Answers a paid request with its pictures, however long that takes."""

    def generate(self, *, payload: Mapping[str, object], client_request_id: str) -> RawAnswer:
        """Send the paid request exactly once; any 2xx is returned. Raises ProviderError."""


class QueueProvider(Provider, Protocol):
    """Takes a paid request into its queue at once, and is asked or tells what came of it.

    Of the addresses in a submission, none is asked that is not the provider's own.
    """

    def submit(
        self, *, payload: Mapping[str, object], client_request_id: str, webhook: str
    ) -> RawAnswer:
        """Queue the paid request exactly once; any 2xx is returned. Raises ProviderError."""

    def read_submission(self, raw: RawAnswer) -> Submission:
        """Read a 2xx of `submit`. Raises UnreadableAnswer; it may have been queued."""

    def progress(self, status_url: str, *, prompt: str) -> Progress:
        """How far it is; the words do not repeat the prompt. Raises ProviderError."""

    def result(
        self, response_url: str, *, prompt: str, failed_with: int | None = None
    ) -> RawAnswer:
        """The model's answer, any 2xx of it. Raises ProviderError.

        `failed_with` is the status that it has by another word of the provider, if it failed.
        Its outcome is UNKNOWN where asking failed, which says nothing about the request.
        """

    def failure(self, raw: RawAnswer, *, prompt: str) -> "ProviderError":
        """What a failed result means that a webhook told."""

    def cancel(self, cancel_url: str) -> Cancellation:
        """Ask for the request to be dropped. Raises ProviderError."""
