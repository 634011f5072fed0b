"""How fal is called: with our key at its own addresses alone, without it anywhere else."""

import re
import time
from collections.abc import Mapping

import httpx

from generations.providers import guard, keeping, transport, verdicts
from generations.providers.base import ProviderConfig, RawAnswer
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.providers.guard import AllowedHosts, Destination, DisallowedError, Resolver
from generations.providers.redaction import Redactor
from generations.providers.transport import Exchange
from generations.providers.wire import Wire

MAX_ANSWER_BYTES = 64 * 1024 * 1024
SUBMIT_DEADLINE = 30.0
ASKING_DEADLINE = 10.0  # within the time that a worker has to stop

_KEPT_HEADERS = (
    "x-fal-request-id",
    "x-fal-billable-units",
    "x-fal-retryable",
    "x-fal-error-type",
    "x-fal-request-timeout-type",
    "content-type",
    "retry-after",
)
_KEY = re.compile(r"[!-~]+", re.ASCII)


class Caller:
    """Holds no connection; one may serve many threads."""

    def __init__(self, config: ProviderConfig, *, own: AllowedHosts, resolver: Resolver) -> None:
        self._config = config
        self._own = own
        self._resolver = resolver

    def ask(
        self, method: str, url: str, *, key: str, query: Mapping[str, str | int] | None = None
    ) -> tuple[Exchange, RawAnswer]:
        """A call that changes nothing; of a broken wire it says nothing. Raises ProviderError."""
        target = self.own(url).url.copy_merge_params(dict(query or {}))
        request = httpx.Request(method, target, headers=authorization(key))
        call, raw = self.exchange(request, redactor=Redactor(key=key))
        error = self.verdict(call, raw, Redactor(key=key)) if call.trouble else None
        if error:
            raise in_vain(error)
        return call, raw

    def own(self, url: str) -> Destination:
        """An address that may see our key. Raises ProviderError for any other."""
        try:
            return self._own.judge(url)
        except DisallowedError as error:
            raise ProviderError(
                f"fal was not asked: {error}", outcome=Outcome.UNKNOWN, kind=ErrorKind.UNREADABLE
            ) from None

    def exchange(
        self,
        request: httpx.Request,
        *,
        redactor: Redactor,
        deadline: float = ASKING_DEADLINE,
        stranger: Destination | None = None,
    ) -> tuple[Exchange, RawAnswer]:
        """One call; `stranger` is a host that fal named, which must not lead inside."""
        resolver = guard.guarded(self._resolver, stranger) if stranger else self._resolver
        wire = Wire(
            until=time.monotonic() + deadline,
            connect_timeout=self._config.connect_timeout,
            resolver=resolver,
        )
        call = transport.exchange(request, wire=wire, max_bytes=MAX_ANSWER_BYTES)
        return call, keeping.keep(call, redactor, headers=_KEPT_HEADERS)

    def verdict(self, call: Exchange, raw: RawAnswer, redactor: Redactor) -> ProviderError | None:
        return verdicts.judge(call, raw, provider=self._config.name, redactor=redactor)


def authorization(key: str) -> dict[str, str]:
    """Raises ProviderError without a key that a header can hold."""
    if not _KEY.fullmatch(key):
        raise ProviderError(
            "The key for fal is missing or malformed",
            outcome=Outcome.REJECTED,
            kind=ErrorKind.UNAUTHORIZED,
        )
    return {"Authorization": f"Key {key}"}


def in_vain(error: ProviderError) -> ProviderError:
    """The same error, saying nothing about the request that was asked about."""
    error.outcome = Outcome.UNKNOWN
    return error
