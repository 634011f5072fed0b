"""Charges at the provider, and a day that is compared with its books."""

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Sum
from django.db.models.functions import Now

from accounts.models import LedgerEntry
from generations.models import (
    Attempt,
    Finding,
    FindingAction,
    FindingKind,
    GenerationRequest,
    Reconciliation,
    ReconciliationState,
    Status,
)
from generations.services import reconciling
from tests import factories
from tests.generations.services.provider import Provider
from tests.generations.services.steps import age, look, run

OTHER = 70_000  # of the provider's credits, where 66,000 are the catalog's price


def today() -> date:
    return datetime.now(UTC).date()


def compare() -> Reconciliation:
    (done,) = reconciling.run(over=[today()])
    assert done.state == ReconciliationState.FINISHED, done.error
    return done


def booked() -> int:
    """What teams and the house paid for holds, in microcredits."""
    return LedgerEntry.objects.filter(hold__isnull=False).aggregate(all=Sum("amount"))["all"] or 0


def counts(done: Reconciliation) -> dict[str, int]:
    found = {verdict.value: getattr(done, verdict) for verdict in reconciling.COUNTED}
    return {name: count for name, count in found.items() if count}


def post(provider: Provider, client_request_id: str = "") -> None:
    """A paid call that the engine knows nothing of."""
    headers = {"Authorization": f"Bearer {provider.key}", "X-Client-Request-Id": client_request_id}
    body = {"model": factories.MODEL, "prompt": "By hand"}
    answer = provider.running.client.post("/v1/images/generations", json=body, headers=headers)
    assert answer.status_code == 200


def lost(provider: Provider, *, settled: bool = True) -> GenerationRequest:
    """A request that the provider made and charged, and whose answer never came."""
    provider.fault("drop_after")
    request = run()
    assert request.status == Status.UNCONFIRMED
    return look(request) if settled else request


def given_up(provider: Provider) -> GenerationRequest:
    """The same, where the log could not be read until the engine gave up."""
    request = lost(provider, settled=False)
    provider.fault("logs_status", status=503)
    age(request, timedelta(hours=25))
    request = look(request)
    assert (request.status, request.error_code) == (Status.FAILED, "unclear")
    return request


def taken_otherwise(
    attempt: Attempt,
    *,
    ours: int,
    theirs: int,
    kind: FindingKind = FindingKind.DRIFT,
    further: str = "",
) -> Finding:
    """An open case about a call, as it is read to be judged."""
    since = datetime.combine(today(), time(), UTC)
    sheet, _ = Reconciliation.objects.get_or_create(
        provider="aimlapi", key_prefix="test", since=since, until=since + timedelta(days=1)
    )
    made = Finding.objects.create(
        reconciliation=sheet, provider="aimlapi", kind=kind, action=FindingAction.CASE,
        attempt=attempt, inference_id="inference-1", further=further, ours_nano_usd=ours,
        theirs_nano_usd=theirs, charged_at=Now(),
    )  # fmt: skip
    return Finding.objects.select_related("attempt__request__hold").get(pk=made.pk)
