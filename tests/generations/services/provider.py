"""The sandbox as one test sees it: a key of its own, faults on order, the book to check against."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from pytest_django import Settings

from accounts.models import LedgerEntry
from generations.models import GenerationRequest
from generations.services import audit, images, providers
from tests.generations.sandbox.running import RunningSandbox

MICROCREDITS_A_CREDIT = 50  # the provider's credit is 500 nano-USD, ours a US cent


@dataclass(frozen=True)
class Provider:
    running: RunningSandbox
    key: str

    def connect(self, settings: Settings) -> None:
        settings.AIMLAPI_KEY = self.key
        settings.AIMLAPI_BASE_URL = self.running.url
        settings.FAL_KEY, settings.FAL_ADMIN_KEY = f"{self.key}:secret", ""
        settings.FAL_QUEUE_BASE_URL = settings.FAL_REST_BASE_URL = self.running.url
        settings.FAL_API_BASE_URL = f"{self.running.url}/v1"
        settings.FAL_JWKS_URL = f"{self.running.url}/.well-known/jwks.json"
        settings.WEBHOOK_ORIGIN = ""
        settings.PROVIDER_RESULT_HOSTS = [f"127.0.0.1:{self.running.port}"]
        providers.client.cache_clear()
        providers.verifier.cache_clear()

    def fault(self, fault: str, **how: object) -> None:
        self.running.fault(fault=fault, **how)

    def calls(self) -> list[dict[str, Any]]:
        """What the book holds of this test's key."""
        return [call for call in self.running.calls() if call["key_prefix"] == self.key]

    def charged(self) -> int:
        """What the provider took, in our microcredits."""
        return sum(int(call["credits"]) for call in self.calls()) * MICROCREDITS_A_CREDIT

    def check_the_books(self) -> None:
        """Each attempt was sent once at most; credits, requests, images and the book agree."""
        calls = self.calls()
        posts = Counter(call["client_request_id"] for call in calls)
        assert all(count == 1 for count in posts.values()), "an attempt was sent twice"
        assert audit.check_ledger().problems == []
        assert list(images.check(progress=lambda _: None)) == []
        charged = _by_request(calls)
        for request in GenerationRequest.objects.all():
            if not request.is_open:
                assert _booked(request) == charged[str(request.pk)], f"{request.pk} is misbooked"


def _by_request(calls: list[dict[str, Any]]) -> dict[str, int]:
    charged: dict[str, int] = defaultdict(int)
    for call in calls:
        request = str(call["client_request_id"]).partition(".")[0]
        charged[request] += call["credits"] * MICROCREDITS_A_CREDIT
    return charged


def _booked(request: GenerationRequest) -> int:
    """What the team paid for a request and what the house did."""
    entries = LedgerEntry.objects.filter(hold=request.hold_id)
    return sum(entry.amount for entry in entries)
