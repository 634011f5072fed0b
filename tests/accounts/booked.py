"""What the books of a team say."""

from accounts.models import EntryKind, LedgerEntry, Team
from accounts.services import ledger


def balance(team: Team) -> tuple[int, int, int]:
    now = ledger.balance(team=team)
    return now.posted, now.held, now.available


def entries(kind: EntryKind) -> list[tuple[str, str, int]]:
    """From, to and amount of each entry of a kind."""
    found = LedgerEntry.objects.filter(kind=kind).select_related("debit", "credit")
    return [(entry.debit.kind, entry.credit.kind, entry.amount) for entry in found]
