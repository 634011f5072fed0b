"""How what was charged goes back: as lots that end as those would have that it was taken from."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from django.utils import timezone

from accounts.models import CreditAccount, EntryKind, LedgerEntry, LotKind
from accounts.services import lots
from accounts.services.posting import Portion

# What comes back lasts so long, also where what it was taken from ran out.
RETURNED_FOR = timedelta(days=30)
CHARGES = (EntryKind.CAPTURE, EntryKind.OVERRUN)


def portions(*, hold: UUID, amount: int) -> list[Portion]:
    """So much of what a hold was charged, the last that was taken first.

    What ran out, or is about to, lasts RETURNED_FOR. Nobody else matches the account before the
    transaction ends.
    """
    account = CreditAccount.objects.filter(holds=hold).first()
    if account is None:
        return []
    lots.allocate(account)
    charged = account.debits.filter(hold=hold, kind__in=CHARGES).order_by("-pk")
    back = account.holds.values_list("refunded", flat=True).get(pk=hold)
    return list(_unwound(charged, amount, back=back))


def _unwound(charged: Iterable[LedgerEntry], amount: int, *, back: int) -> Iterator[Portion]:
    """So much of these entries, after what of them went back before."""
    soonest = timezone.now() + RETURNED_FOR
    for part, ends in chain.from_iterable(map(_taken, charged)):
        again = min(part, back)
        back -= again
        given = min(part - again, amount)
        amount -= given
        if given:
            yield Portion(LotKind.RETURNED, given, ends and max(ends, soonest))


def _taken(entry: LedgerEntry) -> Iterator[tuple[int, datetime | None]]:
    """What an entry took, with its end: the last first, and before it what no lot gave."""
    found = list(entry.allocations.select_related("lot").order_by("-pk"))
    yield entry.amount - sum(one.amount for one in found), None
    yield from ((one.amount, one.lot.expires_at) for one in found)
