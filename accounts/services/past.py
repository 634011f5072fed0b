"""Charges that are over, many at once: what a seeded gallery stands on, so that books balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.models import AccountKind, CreditAccount, Team
from accounts.services import ledger

HOLDS = """
COPY accounts_hold (id, account_id, reference, amount, captured, state, created_at, resolved_at)
FROM STDIN
"""
CAPTURES = """
COPY accounts_ledgerentry
    (debit_id, credit_id, amount, kind, key, hold_id, reason, created_at, effective_at)
FROM STDIN
"""
SPENT = "UPDATE accounts_creditaccount SET posted = posted - %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Charge:
    """A hold that was captured whole; the reference is what it was placed for."""

    hold: UUID
    reference: str
    amount: int


def charge(*, team: Team, charges: Sequence[Charge], reason: str) -> None:
    """Grant what the charges cost and spend it; inside a transaction, at which they all date."""
    total = sum(one.amount for one in charges)
    ledger.grant(team=team, amount=total, reason=reason, reference=charges[0].reference)
    account = CreditAccount.objects.get(team=team).pk
    revenue = CreditAccount.objects.get(kind=AccountKind.REVENUE).pk
    now = timezone.now()
    with connection.cursor() as cursor:
        with cursor.copy(HOLDS) as copy:
            for one in charges:
                copy.write_row((
                    one.hold, account, one.reference, one.amount, one.amount, "captured", now, now,
                ))  # fmt: skip
        with cursor.copy(CAPTURES) as copy:
            for one in charges:
                copy.write_row((
                    account, revenue, one.amount, "capture", f"capture:{one.hold}", one.hold, "",
                    now, now,
                ))  # fmt: skip
        cursor.execute(SPENT, [total, account])
