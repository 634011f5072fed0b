"""fal: a queue. One POST that costs money, then its own addresses to ask, and a webhook.

There is no idempotency key, and no id of ours comes back: what is lost of a submit is found by the
webhook's address alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

import httpx

from generations.providers import (
    answers,
    fal_billing,
    fal_prices,
    fal_reading,
    fal_verdicts,
    guard,
    keeping,
)
from generations.providers.base import (
    Answer,
    Cancellation,
    Charge,
    Download,
    Found,
    ListedPrice,
    LogEntry,
    Progress,
    ProviderConfig,
    RawAnswer,
    Submission,
)
from generations.providers.downloads import Downloader
from generations.providers.errors import ErrorKind, Outcome, ProviderError, UnreadableAnswer
from generations.providers.fal_calls import SUBMIT_DEADLINE, Caller, authorization, in_vain
from generations.providers.fal_signatures import KeysUnavailable
from generations.providers.fal_uploads import Uploader
from generations.providers.guard import AllowedHosts, Resolver
from generations.providers.redaction import Redactor

RESULT_HOSTS = ("fal.media",)
KEYS_DEADLINE = 5.0  # a web process waits for it
KEY_PREFIX = 8
TO_START = 30 * 60  # seconds; what fal has not begun by then it drops, unmade and uncharged
# Results can be opened by anyone who has their address; we fetch them within minutes, at the
# worst within the day in which storing is tried again.
OUTPUTS_KEPT = json.dumps({"expiration_duration_seconds": 3 * 24 * 3600})


@dataclass(frozen=True, slots=True)
class FalConfig:
    """`provider.base_url` is the queue's; charges are read with a key that may see them."""

    provider: ProviderConfig
    rest_url: str
    api_url: str
    jwks_url: str
    admin_key: str = field(default="", repr=False)


class Fal:
    """Keeps the promises of `QueueProvider`. Holds no connection; one may serve many threads."""

    def __init__(self, config: FalConfig, *, resolver: Resolver = guard.resolve) -> None:
        self._config = config
        self._key = config.provider.key.strip()
        self._queue = keeping.base_url(config.provider.base_url)
        self._api = keeping.base_url(config.api_url)
        own = AllowedHosts(map(keeping.host, (self._queue, self._api)))
        self._caller = Caller(config.provider, own=own, resolver=resolver)
        hosts = AllowedHosts((*RESULT_HOSTS, *config.provider.result_hosts))
        self._downloader = Downloader(config=config.provider, hosts=hosts, resolver=resolver)
        self._uploader = Uploader(self._caller, base_url=config.rest_url, key=self._key)

    def submit(
        self, *, payload: Mapping[str, object], client_request_id: str, webhook: str
    ) -> RawAnswer:
        content = {name: value for name, value in payload.items() if name != "model"}
        redactor = Redactor(key=self._key, prompt=str(payload.get("prompt", "")))
        request = httpx.Request(
            "POST",
            f"{self._queue}/{payload['model']}",
            params={"fal_webhook": webhook} if webhook else None,
            headers={
                **authorization(self._key),
                "Content-Type": "application/json",
                # fal has no use for it; whoever reads a proxy's log has.
                "X-Client-Request-Id": client_request_id,
                "X-Fal-Object-Lifecycle-Preference": OUTPUTS_KEPT,
                "X-Fal-Request-Timeout": str(TO_START),
            },
            content=keeping.body(self._uploader.with_addresses(content)),
        )
        call, raw = self._caller.exchange(request, redactor=redactor, deadline=SUBMIT_DEADLINE)
        error = self._caller.verdict(call, raw, redactor)
        if error:
            raise error
        return raw

    def read_submission(self, raw: RawAnswer) -> Submission:
        submission = fal_reading.read_submission(raw)
        try:
            for url in (submission.status_url, submission.response_url, submission.cancel_url):
                self._caller.own(url)
        except ProviderError as error:
            raise UnreadableAnswer(error.message, raw=raw) from None
        return submission

    def progress(self, status_url: str, *, prompt: str) -> Progress:
        raw = self._get(status_url, {"logs": "1"})
        return fal_reading.read_progress(raw, Redactor(key=self._key, prompt=prompt))

    def result(
        self, response_url: str, *, prompt: str, failed_with: int | None = None
    ) -> RawAnswer:
        call, raw = self._caller.ask("GET", response_url, key=self._key)
        if call.is_success:
            return raw
        redactor = Redactor(key=self._key, prompt=prompt)
        vouched = raw.status_code == failed_with
        raise fal_verdicts.judge_result(raw, redactor, is_vouched_for=vouched)

    def failure(self, raw: RawAnswer, *, prompt: str) -> ProviderError:
        redactor = Redactor(key=self._key, prompt=prompt)
        return fal_verdicts.judge_result(raw, redactor, is_vouched_for=True)

    def cancel(self, cancel_url: str) -> Cancellation:
        _, raw = self._caller.ask("PUT", cancel_url, key=self._key)
        return fal_reading.read_cancellation(raw)

    def parse(self, raw: RawAnswer) -> Answer:
        units = fal_reading.read_units(raw)
        try:
            return replace(answers.read_answer(raw), cost=None, units=units)
        except UnreadableAnswer as error:
            error.units = units
            raise

    def download(self, url: str) -> Download:
        return self._downloader.download(url)

    def fetch_keys(self) -> str:
        """The list of keys that webhooks are signed with. Raises KeysUnavailable."""
        request = httpx.Request("GET", self._config.jwks_url)
        redactor = Redactor(key=self._key)
        call, raw = self._caller.exchange(request, redactor=redactor, deadline=KEYS_DEADLINE)
        if call.trouble or not call.is_success:
            raise KeysUnavailable(f"fal's list of keys could not be read ({call.status_code})")
        return raw.body

    @property
    def key_prefix(self) -> str:
        return self._key[: min(KEY_PREFIX, len(self._key) // 2)]

    def find_in_log(
        self, *, client_request_ids: Set[str], since: datetime, until: datetime
    ) -> Iterator[Found]:
        raise _unclear("fal keeps no list of requests by our ids")

    def read_log(self, *, since: datetime, until: datetime) -> Iterator[LogEntry]:
        """None: fal has no log of a key, only the account's charges with the name of each key."""
        return iter(())

    def read_charges(self, *, since: datetime, until: datetime) -> Iterator[Charge]:
        cursor = ""
        for _ in range(fal_billing.MAX_PAGES):
            query = fal_billing.query(since=since, until=until, cursor=cursor)
            key = self._config.admin_key.strip() or self._key
            page = fal_billing.read_page(
                self._get(f"{self._api}/models/billing-events", query, key=key)
            )
            yield from page.charges
            cursor = page.next_cursor
            if not cursor:
                return
        raise _unclear("fal's list of charges has too many rows between the two times")

    def read_prices(self, models: Sequence[str]) -> list[ListedPrice]:
        listed = []
        for start in range(0, len(models), fal_prices.MODELS_A_CALL):
            query = fal_prices.query(models[start : start + fal_prices.MODELS_A_CALL])
            listed += fal_prices.read_page(self._get(f"{self._api}/models/pricing", query))
        return listed

    def _get(self, url: str, query: Mapping[str, str | int], *, key: str = "") -> RawAnswer:
        call, raw = self._caller.ask("GET", url, key=key or self._key, query=query)
        error = self._caller.verdict(call, raw, Redactor(key=key or self._key))
        if error:
            raise in_vain(error)
        return raw


def _unclear(words: str) -> ProviderError:
    return ProviderError(words, outcome=Outcome.UNKNOWN, kind=ErrorKind.UNREADABLE)
