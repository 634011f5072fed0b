"""What each call cost, as each source has it, side by side; the only writer of these rows.

A figure is written once for its source and stays: what is said again changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from config.sql import run_prepared
from generations import catalog
from generations.models import Attempt, ProviderCharge, SeenVia
from generations.providers.base import Cost
from generations.services import price_book
from generations.services.bills import Billed
from generations.services.comparing import Pair, Verdict

ROWS_A_STATEMENT = 2_000
KEEP = """
INSERT INTO generations_providercharge
    (attempt_id, provider, inference_id, seen_via, nano_usd, native_amount, native_unit,
     occurred_at)
SELECT %(attempt)s, %(provider)s, %(inference)s, seen_via, nano_usd, native, unit, %(at)s
FROM unnest(%(seen)s::text[], %(nano_usd)s::bigint[], %(native)s::bigint[], %(unit)s::text[])
    AS figure (seen_via, nano_usd, native, unit)
ON CONFLICT DO NOTHING
"""
COUNT = """
UPDATE generations_attempt
SET cost_nano_usd = %(cost_nano_usd)s, cost_native = %(cost_native)s,
    cost_unit = %(cost_unit)s, cost_source = %(cost_source)s
WHERE id = %(attempt)s RETURNING id
"""
# Nothing of it is ours, or it is not judged yet.
NOT_BILLED_TO_US = {Verdict.WAITING, Verdict.ELSEWHERE}


def keep(attempt: Attempt, *costs: Cost) -> None:
    """Keep what was computed, what the answer states or what the log says, beside our estimate."""
    run_prepared(f"{KEEP} RETURNING id", _values(attempt, costs))


def count(attempt: Attempt, *costs: Cost) -> None:
    """Keep these figures; the first is the one that counts for the attempt."""
    cost = costs[0]
    values = {
        "cost_nano_usd": cost.nano_usd,
        "cost_native": cost.native_amount or None,
        "cost_unit": cost.native_unit,
        "cost_source": cost.source,
    }
    statement = f"WITH kept AS ({KEEP}) {COUNT}"
    run_prepared(statement, _values(attempt, costs) | values)


def _values(attempt: Attempt, costs: Sequence[Cost]) -> dict[str, Any]:
    figures = [*_estimated(attempt), *((one.source, one) for one in costs)]
    return {
        "attempt": attempt.pk,
        "provider": attempt.provider,
        "inference": attempt.inference_id,
        "at": attempt.answered_at or attempt.sent_at,
        "seen": [str(seen_via) for seen_via, _ in figures],
        "nano_usd": [cost.nano_usd for _, cost in figures],
        "native": [cost.native_amount or None for _, cost in figures],
        "unit": [cost.native_unit for _, cost in figures],
    }


def _estimated(attempt: Attempt) -> Iterator[tuple[str, Cost]]:
    """The most that the call could cost, by the prices it was asked for at."""
    request = attempt.request
    if attempt.is_of_another_provider:
        return  # Its prices went when the request moved on.
    try:
        model = catalog.get_model(request.model)
    except catalog.UnknownModel:
        return  # It left the catalog while it waited.
    most = price_book.terms_of(request).provider_cost(model, request.params)
    yield SeenVia.ESTIMATED, Cost(most, 0, "", SeenVia.ESTIMATED)


def bill(pairs: Iterable[Pair]) -> None:
    """Keep what the provider's own records say of each of our calls that was compared."""
    _write(
        charge
        for pair in pairs
        if pair.attempt and pair.row and pair.verdict not in NOT_BILLED_TO_US
        for charge in _billed(pair.attempt, pair.row)
    )


def keep_billed(attempt: Attempt, row: Billed) -> None:
    """Keep what the provider's own records say of this one."""
    _write(_billed(attempt, row))


def _billed(attempt: Attempt, row: Billed) -> Iterator[ProviderCharge]:
    lines = (
        (SeenVia.LOG, row.logged, row.at),
        (SeenVia.TRANSACTION, row.transacted, row.moved_at or row.at),
    )
    for seen_via, nano_usd, occurred_at in lines:
        if nano_usd:
            yield ProviderCharge(
                attempt=attempt,
                provider=attempt.provider,
                inference_id=row.inference_id,
                seen_via=seen_via,
                further=row.further,
                nano_usd=nano_usd,
                occurred_at=occurred_at,
            )


def _write(charges: Iterable[ProviderCharge]) -> None:
    ProviderCharge.objects.bulk_create(charges, ROWS_A_STATEMENT, ignore_conflicts=True)
