"""The provider's charges beside our attempts. Decides and changes nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now

from generations.models import Attempt, AttemptState, Finding, FindingKind, Status
from generations.services.bills import MARGIN, Billed

AT_ONCE = 5_000


class Verdict(StrEnum):
    MATCHED = "matched"
    DRIFT = FindingKind.DRIFT.value
    OURS_ONLY = FindingKind.OURS_ONLY.value
    THEIRS_ONLY = FindingKind.THEIRS_ONLY.value
    DOUBLED = FindingKind.DOUBLED.value
    WAITING = "waiting"  # the engine may still settle it, or the provider still log it
    ELSEWHERE = "elsewhere"  # of another key of the account


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A charge of the provider's, an attempt of ours, or both; `known` if found before."""

    verdict: Verdict
    row: Billed | None = None
    attempt: Attempt | None = None
    ours: int = 0
    known: bool = False

    @property
    def theirs(self) -> int:
        return self.row.nano_usd if self.row else 0

    @property
    def inference_id(self) -> str:
        source = self.row or self.attempt
        return source.inference_id if source else ""

    @property
    def client_request_id(self) -> str:
        source = self.attempt or self.row
        return source.client_request_id if source else ""

    @property
    def charged_at(self) -> datetime | None:
        return self.row.at if self.row else self.attempt.sent_at if self.attempt else None


@dataclass(frozen=True, slots=True)
class Attempts:
    """Ours of a time and whatever the provider's rows name; `fresh` may be missing from a log."""

    every: Mapping[UUID, Attempt]
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
        known = {attempt.client_request_id for attempt in every.values()}
        named = sorted({row.client_request_id for row in rows} - known - {""})
        for start in range(0, len(named), AT_ONCE):
            some = ours.filter(client_request_id__in=named[start : start + AT_ONCE])
            every |= {attempt.pk: attempt for attempt in some}
        lag = timedelta(seconds=settings.PROVIDER_LOG_LAG)
        late = around.annotate(over=Coalesce("answered_at", "sent_at")).filter(over__gt=Now() - lag)
        return cls(
            every=every,
            fresh=set(late.values_list("pk", flat=True)),
            by_client_id={attempt.client_request_id: attempt for attempt in every.values()},
            by_inference={one.inference_id: one for one in every.values() if one.inference_id},
        )

    def of(self, row: Billed) -> Attempt | None:
        return self.by_client_id.get(row.client_request_id) or self.by_inference.get(
            row.inference_id
        )


def _slim(attempts: QuerySet[Attempt]) -> QuerySet[Attempt]:
    """Without the answers and the prompts, which may be megabytes each."""
    heavy = ("raw_body", "raw_headers", "request__prompt", "request__params")
    return attempts.select_related("request").defer(*heavy)


def compare(
    provider: str, rows: list[Billed], *, since: datetime, until: datetime
) -> Iterator[Pair]:
    """Every charge of that time with what it is to us, and ours that the provider does not have.

    An attempt's own charge comes before further ones of the same attempt.
    """
    attempts = Attempts.load(provider, rows, since=since, until=until)
    found = _found(provider, since=since, until=until)
    groups: dict[UUID | None, list[Billed]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.at):
        attempt = attempts.of(row)
        groups[attempt.pk if attempt else None].append(row)
    paired = set()
    for pk, group in groups.items():
        for pair in _judge(attempts.every[pk], group) if pk else map(_unknown, group):
            if pair.verdict is not Verdict.DOUBLED:
                paired.add(pk)
            if pair.row and since <= pair.row.at < until:
                yield _as_found(pair, found)
    for attempt in attempts.every.values():
        if attempt.pk not in paired and since <= attempt.sent_at < until and attempt.cost_nano_usd:
            yield _missing(attempt, fresh=attempt.pk in attempts.fresh, found=found)


def _judge(attempt: Attempt, rows: list[Billed]) -> Iterator[Pair]:
    own = _own(attempt, rows)
    if own:
        ours = attempt.cost_nano_usd or 0
        yield Pair(verdict=_verdict(attempt, own), row=own, attempt=attempt, ours=ours)
    further = Verdict.WAITING if _may_be_settled(attempt) else Verdict.DOUBLED
    for row in rows:
        if row is not own:
            yield Pair(verdict=further, row=row, attempt=attempt)


def _own(attempt: Attempt, rows: list[Billed]) -> Billed | None:
    """The charge of the inference that answered; of an attempt without answer, the first."""
    if not attempt.inference_id:
        return rows[0]
    return next((row for row in rows if row.inference_id == attempt.inference_id), None)


def _verdict(attempt: Attempt, row: Billed) -> Verdict:
    if _may_be_settled(attempt):
        return Verdict.WAITING
    ours, theirs = attempt.cost_nano_usd or 0, row.nano_usd
    if not _delivered(attempt) and (theirs >= ours or agree(ours, theirs)):
        return Verdict.THEIRS_ONLY
    return Verdict.MATCHED if agree(ours, theirs) else Verdict.DRIFT


def agree(ours: int, theirs: int) -> bool:
    """Whether two amounts in nano-USD differ by no more than is put up with."""
    relative = theirs * settings.RECONCILE_TOLERANCE_PER_MILLE // 1000
    return abs(ours - theirs) <= max(settings.RECONCILE_TOLERANCE_NANO_USD, relative)


def _may_be_settled(attempt: Attempt) -> bool:
    return attempt.request.is_open and attempt.fence == attempt.request.fence


def _delivered(attempt: Attempt) -> bool:
    """Whether the team got something for it: not an attempt that was overtaken or came too late."""
    request = attempt.request
    is_last = attempt.fence == request.fence and attempt.state == AttemptState.ANSWERED
    return is_last and request.status == Status.SUCCEEDED


def _unknown(row: Billed) -> Pair:
    return Pair(verdict=Verdict.THEIRS_ONLY if row.in_log else Verdict.ELSEWHERE, row=row)


def _missing(attempt: Attempt, *, fresh: bool, found: Mapping[object, Finding]) -> Pair:
    return Pair(
        verdict=Verdict.WAITING if fresh else Verdict.OURS_ONLY,
        attempt=attempt,
        ours=attempt.cost_nano_usd or 0,
        known=attempt.pk in found,
    )


def _as_found(pair: Pair, found: Mapping[object, Finding]) -> Pair:
    """A charge stays what it was found to be: its correction must not make it look matched."""
    before = found.get(pair.row.inference_id) if pair.row else None
    if before is None:
        return pair
    return Pair(
        verdict=Verdict(before.kind),
        row=pair.row,
        attempt=pair.attempt,
        ours=before.ours_nano_usd,
        known=True,
    )


def _found(provider: str, *, since: datetime, until: datetime) -> dict[object, Finding]:
    """Earlier findings, by inference id; those that only we have, by attempt."""
    earlier = Finding.objects.filter(
        provider=provider, charged_at__gte=since - MARGIN, charged_at__lt=until + MARGIN
    )
    return {
        one.attempt_id if one.kind == FindingKind.OURS_ONLY else one.inference_id: one
        for one in earlier
    }
