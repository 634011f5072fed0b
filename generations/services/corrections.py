"""What is done about a charge on which the books differ: an entry, or a case for a person.

Entries are only added, requests stay as they ended, and nothing is ever sent again.
"""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from generations.models import (
    Attempt,
    AttemptState,
    CostSource,
    Finding,
    FindingAction,
    FindingKind,
    GenerationRequest,
    Reconciliation,
)
from generations.providers.base import Cost
from generations.services import charges, price_book, settling
from generations.services.bills import Billed, agree
from generations.services.comparing import DISAGREEMENTS, Pair, Verdict

CAME_LATE = "The provider's record came late."
AFTER_ALL = "after all"  # The first charge again, once it was found never to have been made.
REASONS = {
    FindingKind.DRIFT: "the provider took more than was booked",
    FindingKind.THEIRS_ONLY: "the provider charged what no team got",
    FindingKind.DOUBLED: "the provider charged one attempt twice",
}
BY_THE_HOUSE = {FindingKind.THEIRS_ONLY, FindingKind.DOUBLED}
NOT_CHARGED_AS_FAR_AS_WE_KNEW = (
    AttemptState.SENT,
    AttemptState.UNKNOWN,
    AttemptState.NOT_RUN,
    AttemptState.REJECTED,
)


def correct(reconciliation: Reconciliation, pair: Pair) -> None:
    """Write down what was found and book what the house owes for it, once however often said."""
    if pair.verdict is Verdict.MATCHED and pair.attempt and pair.row:
        _learn(pair.attempt, pair.row)
    elif pair.verdict in DISAGREEMENTS and not pair.known:
        with transaction.atomic():
            _record(reconciliation, pair, _locked(pair.attempt))


def withdraw_late(reconciliation: Reconciliation, pairs: list[Pair]) -> None:
    """End the cases about charges that the provider did not have, and has now.

    Where credits went back for one, or it is another amount, that is a case of its own.
    """
    taken: dict[UUID | None, Pair] = {
        pair.attempt.pk: pair
        for pair in pairs
        if pair.attempt and pair.verdict is not Verdict.DOUBLED and pair.theirs > 0
    }
    late = Q(kind=FindingKind.OURS_ONLY) | Q(
        kind=FindingKind.DRIFT, theirs_nano_usd=0, house_paid=0, further=""
    )
    about = Finding.objects.filter(late, attempt__in=taken)
    about.filter(resolved_at__isnull=True).update(resolved_at=Now(), note=CAME_LATE)
    for one in about:
        pair = taken[one.attempt_id]
        otherwise = one.kind == FindingKind.DRIFT and not agree(one.ours_nano_usd, pair.theirs)
        if one.refunded or otherwise:
            _taken_after_all(reconciliation, pair)


def _taken_after_all(reconciliation: Reconciliation, pair: Pair) -> None:
    """A case for a person. Ours is nothing: the one before has counted it as not in the bill."""
    facts = {
        "reconciliation": reconciliation,
        "action": FindingAction.CASE,
        "attempt": pair.attempt,
        "client_request_id": pair.client_request_id,
        "theirs_nano_usd": pair.theirs,
        "charged_at": pair.charged_at,
    }
    Finding.objects.get_or_create(
        provider=reconciliation.provider,
        kind=FindingKind.DRIFT,
        inference_id=pair.inference_id,
        further=AFTER_ALL,
        defaults=facts,
    )


def add_up(reconciliation: Reconciliation, pairs: list[Pair]) -> None:
    """Make a case of a day whose small differences are no small one together, once."""
    matched = [pair for pair in pairs if pair.verdict is Verdict.MATCHED]
    sums = {
        "ours_nano_usd": sum(pair.ours for pair in matched),
        "theirs_nano_usd": sum(pair.theirs for pair in matched),
    }
    drift = sums["theirs_nano_usd"] - sums["ours_nano_usd"]
    if abs(drift) <= settings.RECONCILE_DAY_TOLERANCE_NANO_USD:
        return
    case, made = Finding.objects.get_or_create(
        provider=reconciliation.provider,
        kind=FindingKind.DAY,
        inference_id="",
        further=f"{reconciliation.since:%Y-%m-%d} {reconciliation.key_prefix}",
        defaults={
            "reconciliation": reconciliation,
            "action": FindingAction.CASE,
            "charged_at": reconciliation.since,
            **sums,
        },
    )
    if not made:
        Finding.objects.open().filter(pk=case.pk).update(**sums)


def _locked(attempt: Attempt | None) -> Attempt | None:
    """The attempt as it is, kept from changing: the request first, as everywhere."""
    if attempt is None:
        return None
    GenerationRequest.objects.select_for_update().only("pk").get(pk=attempt.request_id)
    return (
        Attempt.objects.select_for_update(of=("self",)).select_related("request").get(pk=attempt.pk)
    )


def _record(reconciliation: Reconciliation, pair: Pair, attempt: Attempt | None) -> None:
    kind = FindingKind(pair.verdict)
    owed = _owed(kind, pair, attempt)
    of_row = {"inference_id": pair.inference_id, "further": pair.further}
    unique = of_row if pair.row else {"attempt": attempt}
    facts = {
        "reconciliation": reconciliation,
        "action": FindingAction.HOUSE if attempt and kind in BY_THE_HOUSE else FindingAction.CASE,
        "attempt": attempt,
        **of_row,
        "client_request_id": pair.client_request_id,
        "ours_nano_usd": pair.ours,
        "theirs_nano_usd": pair.theirs,
        "house_paid": owed,
        "charged_at": pair.charged_at,
    }
    _, made = Finding.objects.get_or_create(
        provider=reconciliation.provider, kind=kind, **unique, defaults=facts
    )
    if made and attempt and pair.row:
        _book(attempt, pair.row, kind=kind, owed=owed)


def _owed(kind: FindingKind, pair: Pair, attempt: Attempt | None) -> int:
    """Microcredits that the provider took and that nobody has been booked for yet."""
    if attempt is None or pair.theirs <= 0:
        return 0
    booked = 0 if kind is FindingKind.DOUBLED else attempt.cost_nano_usd or 0
    terms = price_book.terms_of(attempt.request)
    return max(terms.at_cost(pair.theirs) - terms.at_cost(booked), 0)


def _book(attempt: Attempt, row: Billed, *, kind: FindingKind, owed: int) -> None:
    charges.keep_billed(attempt, row)
    if kind is not FindingKind.DOUBLED and not row.further:
        _learn(attempt, row)
    if kind is FindingKind.THEIRS_ONLY and attempt.cost_nano_usd is None:
        settling.house_pays(attempt, _cost(row), reason=REASONS[kind])
    elif owed:
        settling.house_pays_more(
            attempt, owed, reason=REASONS[kind], reference=_reference(attempt, row)
        )
    if kind is FindingKind.THEIRS_ONLY:
        Attempt.objects.filter(pk=attempt.pk, state__in=NOT_CHARGED_AS_FAR_AS_WE_KNEW).update(
            state=AttemptState.LOST
        )


def _reference(attempt: Attempt, row: Billed) -> str:
    return ":".join(filter(None, (str(attempt.pk), row.inference_id, row.further)))


def _learn(attempt: Attempt, row: Billed) -> None:
    """Keep what the provider states where we had only computed, and the id we never saw.

    That it took nothing is no price of it: what was computed stays.
    """
    kept = Attempt.objects.filter(pk=attempt.pk)
    if not attempt.inference_id:
        kept.filter(inference_id="").update(inference_id=row.inference_id)
        attempt.inference_id = row.inference_id
    if attempt.cost_source == CostSource.COMPUTED and row.nano_usd:
        with transaction.atomic():
            charges.keep_billed(attempt, row)
            kept.filter(cost_source=CostSource.COMPUTED).update(
                cost_nano_usd=row.nano_usd, cost_source=CostSource.LOG
            )


def _cost(row: Billed) -> Cost:
    return Cost(row.nano_usd, 0, "", CostSource.LOG)
