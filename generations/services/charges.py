"""What each call cost, as each source has it, side by side; the only writer of these rows.

A figure is written once for its source and stays: what is said again changes nothing.
"""

from collections.abc import Iterable, Iterator

from django.db.models.functions import Now

from generations import catalog
from generations.models import Attempt, ProviderCharge, SeenVia
from generations.providers.base import Cost
from generations.services import price_book
from generations.services.comparing import Pair, Verdict

ROWS_A_STATEMENT = 2_000
# Nothing of it is ours, or it is not judged yet.
NOT_BILLED_TO_US = {Verdict.WAITING, Verdict.ELSEWHERE}


def estimate(attempt: Attempt) -> None:
    """Keep the most that a call can cost, before it is made."""
    request = attempt.request
    try:
        model = catalog.get_model(request.model)
    except catalog.UnknownModel:
        return  # It left the catalog while it waited; the call will say so.
    most = price_book.terms_of(request).provider_cost(model, request.params)
    _write([_charge(attempt, SeenVia.ESTIMATED, most, occurred_at=Now())])


def keep(attempt: Attempt, *costs: Cost) -> None:
    """Keep what was computed, what the answer states or what the log says."""
    _write(
        _charge(
            attempt,
            SeenVia(cost.source),
            cost.nano_usd,
            native_amount=cost.native_amount or None,
            native_unit=cost.native_unit,
            occurred_at=attempt.answered_at or Now(),
        )
        for cost in costs
    )


def bill(pairs: Iterable[Pair]) -> None:
    """Keep what the provider's own records say of each of our calls that was compared."""
    _write(
        charge
        for pair in pairs
        if pair.attempt and pair.row and pair.verdict not in NOT_BILLED_TO_US
        for charge in _billed(pair)
    )


def _billed(pair: Pair) -> Iterator[ProviderCharge]:
    attempt, row = pair.attempt, pair.row
    if attempt is None or row is None:
        return
    figures = {SeenVia.LOG: row.nano_usd if row.in_log else 0, SeenVia.TRANSACTION: row.transacted}
    for seen_via, nano_usd in figures.items():
        if nano_usd:
            yield _charge(
                attempt, seen_via, nano_usd, inference_id=row.inference_id, occurred_at=row.at
            )


def _charge(attempt: Attempt, seen_via: SeenVia, nano_usd: int, **facts: object) -> ProviderCharge:
    known = {"provider": attempt.request.provider, "inference_id": attempt.inference_id}
    return ProviderCharge(attempt=attempt, seen_via=seen_via, nano_usd=nano_usd, **known | facts)


def _write(charges: Iterable[ProviderCharge]) -> None:
    ProviderCharge.objects.bulk_create(charges, ROWS_A_STATEMENT, ignore_conflicts=True)
