"""Our books beside the provider's, day by day, as often as anyone likes: repeating changes nothing.

The last days are read again every night, because the provider's entries land late.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import structlog
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from generations import enqueue
from generations.models import (
    Finding,
    Reconciliation,
    ReconciliationState,
)
from generations.providers.errors import ProviderError
from generations.services import bills, charges, comparing, corrections, notices, providers
from generations.services.bills import Billed
from generations.services.comparing import Pair, Verdict

OVERLAP = timedelta(days=3)  # yesterday, and two days that may have got late entries
COUNTED = (Verdict.MATCHED, *comparing.DISAGREEMENTS, Verdict.WAITING)
# A run that says nothing for so long was ended with its worker.
GIVEN_UP_AFTER = timedelta(minutes=10)
UNDER_WAY = (ReconciliationState.WAITING, ReconciliationState.RUNNING)

log = structlog.get_logger(__name__)


def lately() -> list[date]:
    """The days that are compared when nobody names any: today so far, and those before."""
    today = timezone.now().astimezone(UTC).date()
    return days(today - OVERLAP, today)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=after) for after in range((last - first).days + 1)]


def ask() -> bool:
    """Have the workers reconcile the last days; say whether they could be told."""
    asked = [_day(name, day) for name in providers.with_books() for day in lately()]
    rows = Reconciliation.objects.filter(pk__in=[one.pk for one in asked])
    rows.update(state=ReconciliationState.WAITING, asked_at=Now(), started_at=None, error="")
    if enqueue.reconcile():
        return True
    rows.update(state=ReconciliationState.FAILED, error="The workers could not be told.")
    return False


def is_under_way() -> bool:
    lately_heard_of = timezone.now() - GIVEN_UP_AFTER
    heard = Q(asked_at__gt=lately_heard_of) | Q(started_at__gt=lately_heard_of)
    return Reconciliation.objects.filter(heard, state__in=UNDER_WAY).exists()


def run(
    *,
    of: Sequence[str] = (),
    over: Iterable[date] | None = None,
    progress: Callable[[], object] = lambda: None,
) -> list[Reconciliation]:
    """Reconcile these providers over these days (UTC), and mail staff if a person has to look."""
    began = timezone.now()
    sheets = [
        _day(name, day)
        for name in of or providers.with_books()
        for day in (lately() if over is None else over)
    ]
    faults = []
    for sheet in sheets:
        try:
            _reconcile(sheet)
        except Exception as fault:  # noqa: BLE001  # raised once the other days are compared
            faults.append(fault)
        progress()
    _alert(sheets, since=began)
    if faults:
        raise ExceptionGroup("Some days could not be compared", faults)
    return sheets


def _reconcile(sheet: Reconciliation) -> None:
    """Compare one day, correct what can be corrected, and leave the rest to a person."""
    _change(sheet, state=ReconciliationState.RUNNING, started_at=Now(), error="")
    try:
        rows = bills.read(sheet.provider, since=sheet.since, until=sheet.until)
        pairs = _compare(sheet, rows)
        for pair in pairs:
            corrections.correct(sheet, pair)
        corrections.withdraw_late(sheet, pairs)
        corrections.add_up(sheet, pairs)
        charges.bill(pairs)
    except ProviderError as error:
        day = f"{sheet.since:%Y-%m-%d}"
        log.warning("not_reconciled", provider=sheet.provider, day=day, why=error.message)
        _change(sheet, state=ReconciliationState.FAILED, error=error.message[:500])
    except Exception:
        _change(sheet, state=ReconciliationState.FAILED, error="A fault of ours: see the log.")
        raise
    else:
        done = {"finished_at": Now(), "key_name": _key_name(pairs) or sheet.key_name}
        _change(sheet, state=ReconciliationState.FINISHED, **done, **_totals(pairs))


def _compare(sheet: Reconciliation, rows: list[Billed]) -> list[Pair]:
    known = Reconciliation.objects.filter(provider=sheet.provider, key_prefix=sheet.key_prefix)
    names = known.exclude(key_name="").order_by().values_list("key_name", flat=True).distinct()
    return list(
        comparing.compare(
            sheet.provider, rows, since=sheet.since, until=sheet.until, key_names=list(names)
        )
    )


def _key_name(pairs: list[Pair]) -> str:
    """What the provider calls the key of our newest call that it has, if it says so."""
    ours = [pair.row for pair in pairs if pair.attempt and pair.row and pair.row.key_name]
    return max(ours, key=lambda row: row.at).key_name if ours else ""


def _day(provider: str, day: date) -> Reconciliation:
    since = datetime.combine(day, time(), UTC)
    sheet, _ = Reconciliation.objects.get_or_create(
        provider=provider,
        key_prefix=providers.client(provider).key_prefix,
        since=since,
        defaults={"until": since + timedelta(days=1)},
    )
    return sheet


def _change(sheet: Reconciliation, **changes: object) -> None:
    Reconciliation.objects.filter(pk=sheet.pk).update(**changes)
    sheet.refresh_from_db()


def _totals(pairs: list[Pair]) -> dict[str, int]:
    """Sums in nano-USD and counts, by the names of their columns."""
    ours = [pair for pair in pairs if pair.verdict is not Verdict.ELSEWHERE]
    counts = Counter(pair.verdict for pair in pairs)
    return {
        "ours_nano_usd": sum(pair.ours for pair in ours),
        "theirs_nano_usd": sum(pair.theirs for pair in ours),
        "transactions_nano_usd": sum(pair.row.transacted or 0 for pair in ours if pair.row),
        "elsewhere_nano_usd": sum(
            pair.theirs for pair in pairs if pair.verdict is Verdict.ELSEWHERE
        ),
        **{verdict.value: counts[verdict] for verdict in COUNTED},
    }


def _alert(done: list[Reconciliation], *, since: datetime) -> None:
    """One mail a run, of new cases and of days that failed: old cases were told before."""
    cases = Finding.objects.open().filter(reconciliation__in=done, found_at__gte=since)
    failed = [one for one in done if one.state == ReconciliationState.FAILED]
    if failed or cases.exists():
        notices.books_differ(cases=list(cases), failed=failed)
