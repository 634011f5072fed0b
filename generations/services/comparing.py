"""The provider's charges beside our attempts. Decides and changes nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings

from generations.models import (
    Attempt,
    AttemptState,
    Finding,
    FindingKind,
    ProviderCharge,
    SeenVia,
    Status,
)
from generations.services import bills
from generations.services.attempts import Attempts
from generations.services.bills import MARGIN, Billed, agree


class Verdict(StrEnum):
    MATCHED = "matched"
    DRIFT = FindingKind.DRIFT.value
    OURS_ONLY = FindingKind.OURS_ONLY.value
    THEIRS_ONLY = FindingKind.THEIRS_ONLY.value
    DOUBLED = FindingKind.DOUBLED.value
    WAITING = "waiting"  # the engine may still settle it, or the provider still log it
    ELSEWHERE = "elsewhere"  # of another key of the account, or of other software with ours


DISAGREEMENTS = (Verdict.DRIFT, Verdict.OURS_ONLY, Verdict.THEIRS_ONLY, Verdict.DOUBLED)


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
    def further(self) -> str:
        return self.row.further if self.row else ""

    @property
    def client_request_id(self) -> str:
        source = self.attempt or self.row
        return source.client_request_id if source else ""

    @property
    def charged_at(self) -> datetime | None:
        return self.row.at if self.row else self.attempt.sent_at if self.attempt else None


def compare(
    provider: str,
    rows: list[Billed],
    *,
    since: datetime,
    until: datetime,
    key_names: Collection[str] = (),
) -> Iterator[Pair]:
    """Every charge of that time with what it is to us, and ours that the provider does not have.

    An attempt's own charge comes before further ones of the same attempt. `key_names` are those by
    which the provider knows our key.
    """
    attempts = Attempts.load(provider, rows, since=since, until=until)
    found = _found(provider, since=since, until=until)
    own_keys = {*key_names, *(row.key_name for row in rows if row.key_name and attempts.of(row))}
    paired = set()
    for pk, group in _groups(rows, attempts).items():
        judged = _judge(attempts, pk, group) if pk else _unknown(provider, group, own_keys)
        for pair in judged:
            if pk and _is_its_own(pair):
                paired.add(pk)
            if pair.row and since <= pair.row.at < until:
                yield _as_found(pair, found)
    for attempt in attempts.every.values():
        if attempt.pk not in paired and since <= attempt.sent_at < until and attempt.cost_nano_usd:
            yield _missing(attempt, fresh=attempt.pk in attempts.fresh, found=found)


def _groups(rows: list[Billed], attempts: Attempts) -> Mapping[UUID | None, list[Billed]]:
    groups: dict[UUID | None, list[Billed]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.at):
        attempt = attempts.of(row)
        groups[attempt.pk if attempt else None].append(row)
    moved = _first_moves(attempts, groups)
    return {
        pk: [_as_it_moved(row, moved.get((pk, row.inference_id))) for row in group]
        for pk, group in groups.items()
    }


def _first_moves(
    attempts: Attempts, groups: Mapping[UUID | None, list[Billed]]
) -> dict[tuple[UUID | None, str], datetime]:
    """When the first charge was made of what may have been charged outside the time read."""
    asked = [
        pk
        for pk, group in groups.items()
        if pk and (pk not in attempts.around or any(row.transacted == 0 for row in group))
    ]
    kept = ProviderCharge.objects.filter(
        attempt__in=asked, seen_via=SeenVia.TRANSACTION, further=""
    )
    rows = kept.values_list("attempt_id", "inference_id", "occurred_at")
    return {(pk, inference): at for pk, inference, at in rows}


def _as_it_moved(row: Billed, first: datetime | None) -> Billed:
    """The row, knowing that the first charge of its inference was made at that time."""
    if first is None or row.further:
        return row
    if row.moved_at is None:
        return replace(row, transacted=None)
    return replace(row, further=bills.mark(row.moved_at)) if first < row.moved_at else row


def _judge(attempts: Attempts, pk: UUID, rows: list[Billed]) -> Iterator[Pair]:
    attempt = attempts.every[pk]
    own = _own(attempt, rows)
    if own:
        ours = attempts.booked(attempt)
        yield Pair(verdict=_verdict(attempt, own, ours=ours), row=own, attempt=attempt, ours=ours)
    for row in rows:
        if row is not own:
            yield Pair(verdict=_further(attempt, row), row=row, attempt=attempt)


def _own(attempt: Attempt, rows: list[Billed]) -> Billed | None:
    """The charge of the inference that answered; of an attempt without answer, the first."""
    firsts = [row for row in rows if not row.further]
    if not attempt.inference_id:
        return firsts[0] if firsts else None
    return next((row for row in firsts if row.inference_id == attempt.inference_id), None)


def _further(attempt: Attempt, row: Billed) -> Verdict:
    if _may_be_settled(attempt):
        return Verdict.WAITING
    return Verdict.DOUBLED if row.nano_usd >= 0 else Verdict.DRIFT


def _is_its_own(pair: Pair) -> bool:
    return pair.verdict is not Verdict.DOUBLED and not pair.further


def _verdict(attempt: Attempt, row: Billed, *, ours: int) -> Verdict:
    if _may_be_settled(attempt):
        return Verdict.WAITING
    theirs = row.nano_usd
    if not _delivered(attempt) and theirs and (theirs >= ours or agree(ours, theirs)):
        return Verdict.THEIRS_ONLY
    same = agree(ours, theirs) and not row.contradicts_itself
    return Verdict.MATCHED if same else Verdict.DRIFT


def _may_be_settled(attempt: Attempt) -> bool:
    return attempt.request.is_open and attempt.fence == attempt.request.fence


def _delivered(attempt: Attempt) -> bool:
    """Whether the team got something for it: not an attempt that was overtaken or came too late."""
    request = attempt.request
    is_last = attempt.fence == request.fence and attempt.state == AttemptState.ANSWERED
    return is_last and request.status == Status.SUCCEEDED


def _unknown(provider: str, rows: list[Billed], own_keys: Collection[str]) -> Iterator[Pair]:
    """What no attempt of ours was: a case where it was made with our key, and only we have that."""
    ours = {row.inference_id for row in rows if row.in_log or row.key_name in own_keys}
    if provider in settings.SHARED_PROVIDER_KEYS:
        ours = set()
    for row in rows:
        found = Verdict.THEIRS_ONLY if row.inference_id in ours else Verdict.ELSEWHERE
        yield Pair(verdict=found, row=row)


def _missing(attempt: Attempt, *, fresh: bool, found: Mapping[object, Finding]) -> Pair:
    return Pair(
        verdict=Verdict.WAITING if fresh else Verdict.OURS_ONLY,
        attempt=attempt,
        ours=attempt.cost_nano_usd or 0,
        known=attempt.pk in found,
    )


def _as_found(pair: Pair, found: Mapping[object, Finding]) -> Pair:
    """A charge stays what it was found to be: its correction must not make it look matched."""
    before = found.get((pair.inference_id, pair.further))
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
    """Earlier findings, by the movement; those that only we have, by attempt."""
    earlier = Finding.objects.filter(
        provider=provider, charged_at__gte=since - MARGIN, charged_at__lt=until + MARGIN
    ).exclude(kind=FindingKind.DAY)
    return {
        one.attempt_id
        if one.kind == FindingKind.OURS_ONLY
        else (one.inference_id, one.further): one
        for one in earlier
    }
