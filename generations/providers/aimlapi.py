"""AIML API: one synchronous POST that costs money, and a log that says afterwards what it cost.

There is no idempotency key: the id we send is only for finding the request in the log again.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime

import httpx

from generations.providers import (
    answers,
    billing,
    guard,
    keeping,
    price_list,
    transport,
    usage_log,
    verdicts,
)
from generations.providers.base import (
    Answer,
    Charge,
    Download,
    Found,
    ListedPrice,
    LogEntry,
    ProviderConfig,
    RawAnswer,
)
from generations.providers.downloads import Downloader
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.providers.guard import AllowedHosts, Resolver
from generations.providers.redaction import Redactor
from generations.providers.wire import Wire

RESULT_HOSTS = ("aimlapi.com", "fal.media")
MAX_ANSWER_BYTES = 64 * 1024 * 1024
LOG_DEADLINE = 30.0
# The records may be read 200 times a minute; looks for single requests need their share of it.
PAGE_SECONDS = 0.4
KEY_PREFIX = 8  # how much of a key the provider's own pages show

_KEPT_HEADERS = (
    "x-inference-id",
    "x-client-request-id",
    "x-request-id",
    "x-aimlapi-credits-used",
    "x-aimlapi-usd-spent",
    "content-type",
    "retry-after",
)
_KEY = re.compile(r"[!-~]+", re.ASCII)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


class AimlApi:
    """Keeps the promises of `DirectProvider`. Holds no connection; one may serve many threads."""

    def __init__(self, config: ProviderConfig, *, resolver: Resolver = guard.resolve) -> None:
        hosts = AllowedHosts((*RESULT_HOSTS, *config.result_hosts))
        self._config = config
        self._key = config.key.strip()
        self._base_url = keeping.base_url(config.base_url).removesuffix("/v1")
        self._resolver = resolver
        self._downloader = Downloader(config=config, hosts=hosts, resolver=resolver)

    def generate(self, *, payload: Mapping[str, object], client_request_id: str) -> RawAnswer:
        if not _REQUEST_ID.fullmatch(client_request_id):
            # AIML API would drop it silently, and the request could never be found again.
            raise ValueError("a client request id is 1 to 128 letters, digits or . _ : -")
        request = httpx.Request(
            "POST",
            f"{self._base_url}/v1/images/generations",
            headers={
                "Authorization": self._authorization(),
                "Content-Type": "application/json",
                "X-Client-Request-Id": client_request_id,
            },
            content=keeping.body(dict(payload)),
        )
        redactor = Redactor(key=self._key, prompt=str(payload.get("prompt", "")))
        return self._ask(request, deadline=self._config.deadline, redactor=redactor)

    def parse(self, raw: RawAnswer) -> Answer:
        return answers.read_answer(raw)

    def download(self, url: str) -> Download:
        return self._downloader.download(url)

    @property
    def key_prefix(self) -> str:
        return self._key[: min(KEY_PREFIX, len(self._key) // 2)]

    def find_in_log(
        self, *, client_request_ids: Set[str], since: datetime, until: datetime
    ) -> Iterator[Found]:
        left = set(client_request_ids)
        for page in self._log(since, until):
            for found in page.find(left):
                left.discard(found[0])
                yield found
            if not left:
                return

    def read_log(self, *, since: datetime, until: datetime) -> Iterator[LogEntry]:
        for page in self._log(since, until):
            yield from page.entries()

    def read_charges(self, *, since: datetime, until: datetime) -> Iterator[Charge]:
        cursor = ""
        for _ in _paced(billing.MAX_PAGES):
            query = billing.query(since=since, until=until, cursor=cursor)
            page = billing.read_page(self._get("/v2/billing/transactions", query))
            yield from page.charges
            cursor = page.next_cursor
            if not cursor:
                return
        raise self._endless("list of charges")

    def read_prices(self, models: Sequence[str]) -> list[ListedPrice]:
        # The list is public: it can be read before there is a key.
        request = httpx.Request("GET", f"{self._base_url}/v1/models", params=price_list.QUERY)
        raw = self._ask(request, deadline=LOG_DEADLINE, redactor=Redactor(key=self._key))
        return price_list.read_prices(raw)

    def _log(self, since: datetime, until: datetime) -> Iterator[usage_log.Page]:
        # Rows appear some time after the answer, newest first: one that is added while we page
        # shows us a row twice and hides none.
        offset = 0
        for _ in _paced(usage_log.MAX_PAGES):
            query = usage_log.query(since=since, until=until, offset=offset)
            page = usage_log.read_page(self._get("/v2/logs", query))
            yield page
            if not page.has_more:
                return
            offset += len(page.rows)
        raise self._endless("log")

    def _get(self, path: str, query: Mapping[str, str | int]) -> RawAnswer:
        headers = {"Authorization": self._authorization()}
        request = httpx.Request("GET", self._base_url + path, params=query, headers=headers)
        return self._ask(request, deadline=LOG_DEADLINE, redactor=Redactor(key=self._key))

    def _endless(self, records: str) -> ProviderError:
        return ProviderError(
            f"{self._config.name}'s {records} has too many rows between the two times",
            outcome=Outcome.UNKNOWN,
            kind=ErrorKind.UNREADABLE,
        )

    def _ask(self, request: httpx.Request, *, deadline: float, redactor: Redactor) -> RawAnswer:
        wire = Wire(
            until=time.monotonic() + deadline,
            connect_timeout=self._config.connect_timeout,
            resolver=self._resolver,
        )
        call = transport.exchange(request, wire=wire, max_bytes=MAX_ANSWER_BYTES)
        raw = keeping.keep(call, redactor, headers=_KEPT_HEADERS)
        error = verdicts.judge(call, raw, provider=self._config.name, redactor=redactor)
        if error:
            raise error
        return raw

    def _authorization(self) -> str:
        if not _KEY.fullmatch(self._key):
            raise ProviderError(
                f"The key for {self._config.name} is missing or malformed",
                outcome=Outcome.REJECTED,
                kind=ErrorKind.UNAUTHORIZED,
            )
        return f"Bearer {self._key}"


def _paced(turns: int) -> Iterator[int]:
    for turn in range(turns):
        if turn:
            time.sleep(PAGE_SECONDS)
        yield turn
