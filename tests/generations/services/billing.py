"""A provider's own records, saying whatever a test wants, over HTTP to the real client."""

import json
import socket
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from pytest_django import Settings

from generations.models import Attempt, Reconciliation, ReconciliationState
from generations.providers.base import RawAnswer
from generations.services import providers, reconciling, storing
from tests import factories
from tests.providers.servers import Server, says

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
THEN = NOON.date()
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PRICE_NANO = 33_000_000


class Bill:
    """AIML API's log and list of charges, and fal's charges; each gives what its time holds."""

    def __init__(self) -> None:
        self.log: list[dict[str, object]] = []
        self.moved: list[dict[str, object]] = []
        self.events: list[dict[str, object]] = []
        self.server = Server(self._answer)

    def connect(self, settings: Settings) -> None:
        settings.AIMLAPI_KEY, settings.AIMLAPI_BASE_URL = "a-key-of-ours", self.server.url
        settings.FAL_KEY = settings.FAL_ADMIN_KEY = "fal-key:secret"
        settings.FAL_API_BASE_URL = f"{self.server.url}/v1"
        settings.PROVIDER_LOG_LAG = 0
        providers.client.cache_clear()

    def logged(self, call: Attempt, nano_usd: int = PRICE_NANO, *, at: datetime = NOON) -> None:
        """A row of the log; the request is as old as the attempt of it."""
        self.log.append(
            {
                "created": at.isoformat(),
                "status": "succeeded",
                "cost": _amount(nano_usd),
                "inference_id": call.inference_id,
                "client_request_id": call.client_request_id,
            }
        )

    def took(self, inference_id: str, nano_usd: int = PRICE_NANO, *, at: datetime = NOON) -> None:
        """A row of the list; below zero it came back."""
        back = nano_usd < 0
        self.moved.append(
            {
                "created_at": at.isoformat(),
                "direction": "TOPUP" if back else "CHARGE",
                "type": "REFUND" if back else "MODEL_USAGE",
                "amount": _amount(abs(nano_usd)),
                "reference_id": inference_id,
            }
        )

    def fal_took(self, request_id: str, *, key: str = "", at: datetime = NOON) -> None:
        self.events.append(
            {
                "request_id": request_id,
                "timestamp": at.isoformat(),
                "cost_estimate_nano_usd": PRICE_NANO,
                **({"auth_method": key} if key else {}),
            }
        )

    def _answer(self, connection: socket.socket) -> None:
        url = urlsplit(self.server.heads[-1].split()[1])
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/v2/logs":
            found: object = {"data": _within(self.log, "created", query["start"], query["end"])}
        elif url.path == "/v2/billing/transactions":
            found = {"data": _within(self.moved, "created_at", query["from"], query["to"])}
        else:
            rows = _within(self.events, "timestamp", query["start"], query["end"])
            found = {"billing_events": rows, "has_more": False}
        says(json.dumps(found))(connection)


def _amount(nano_usd: int) -> dict[str, object]:
    return {"usd": nano_usd / 10**9, "credits": nano_usd // 500}


def _within(
    rows: list[dict[str, object]], name: str, since: str, until: str
) -> list[dict[str, object]]:
    start, end = datetime.fromisoformat(since), datetime.fromisoformat(until)
    return [row for row in rows if start <= datetime.fromisoformat(str(row[name])) < end]


def called(name: str = "ours", *, at: datetime = NOON, stated: bool = True) -> Attempt:
    """A call that made a picture for the price of one, then."""
    said = factories.answer(usd=factories.PRICE_USD if stated else None)
    raw = RawAnswer(200, {**said.headers, "x-inference-id": name}, said.body, 0.5)
    attempt = factories.answered(raw=raw)
    storing.finish(attempt.request_id)
    Attempt.objects.filter(pk=attempt.pk).update(sent_at=at, answered_at=at)
    return Attempt.objects.get(pk=attempt.pk)


def compare(provider: str = "aimlapi", day: date = THEN) -> Reconciliation:
    (done,) = reconciling.run(of=[provider], over=[day])
    assert done.state == ReconciliationState.FINISHED, done.error
    return done
