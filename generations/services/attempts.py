"""Our calls of a time, as they are laid beside the provider's records."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from generations.models import Attempt, CostSource, ProviderCharge, SeenVia
from generations.services.bills import MARGIN, Billed

AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Attempts:
    """Ours of a time and whatever the provider's rows name; `fresh` may be missing from a log."""

    every: Mapping[UUID, Attempt]
    around: Collection[UUID]
    fresh: Collection[UUID]
    by_client_id: Mapping[str, Attempt]
    by_inference: Mapping[str, Attempt]

    @classmethod
    def load(
        cls, provider: str, rows: Iterable[Billed], *, since: datetime, until: datetime
    ) -> Self:
        ours = _slim(Attempt.objects.filter(provider=provider))
        around = ours.filter(sent_at__gte=since - MARGIN, sent_at__lt=until + MARGIN)
        every = {attempt.pk: attempt for attempt in around}
        inside = frozenset(every)
        known = {attempt.client_request_id for attempt in every.values()}
        every |= _named(ours, "client_request_id", {row.client_request_id for row in rows} - known)
        known = {attempt.inference_id for attempt in every.values()}
        every |= _named(ours, "inference_id", {row.inference_id for row in rows} - known)
        lag = timedelta(seconds=settings.PROVIDER_LOG_LAG)
        latest = F("sent_at") + timedelta(seconds=settings.PROVIDER_DEADLINE)
        late = around.annotate(over=Coalesce("answered_at", latest)).filter(over__gt=Now() - lag)
        return cls(
            every=every,
            around=inside,
            fresh=set(late.values_list("pk", flat=True)),
            by_client_id={attempt.client_request_id: attempt for attempt in every.values()},
            by_inference={one.inference_id: one for one in every.values() if one.inference_id},
        )

    def of(self, row: Billed) -> Attempt | None:
        return self.by_client_id.get(row.client_request_id) or self.by_inference.get(
            row.inference_id
        )

    def booked(self, attempt: Attempt) -> int:
        """What it was booked at before anything was learned from the provider's records."""
        booked: int | None = attempt.computed_nano_usd  # type: ignore[attr-defined]  # annotated
        if attempt.cost_source == CostSource.LOG and booked is not None:
            return booked
        return attempt.cost_nano_usd or 0


def _named(ours: QuerySet[Attempt], field: str, names: set[str]) -> dict[UUID, Attempt]:
    found: dict[UUID, Attempt] = {}
    wanted = sorted(names - {""})
    for start in range(0, len(wanted), AT_ONCE):
        some = ours.filter(**{f"{field}__in": wanted[start : start + AT_ONCE]})
        found |= {attempt.pk: attempt for attempt in some}
    return found


def _slim(attempts: QuerySet[Attempt]) -> QuerySet[Attempt]:
    """Without the answers and the prompts, which may be megabytes each."""
    heavy = ("raw_body", "raw_headers", "request__prompt", "request__params")
    computed = ProviderCharge.objects.filter(attempt=OuterRef("pk"), seen_via=SeenVia.COMPUTED)
    return (
        attempts.select_related("request")
        .defer(*heavy)
        .annotate(computed_nano_usd=Subquery(computed.order_by().values("nano_usd")[:1]))
    )
