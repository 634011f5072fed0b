"""Does the ledger add up? Read-only, in one snapshot."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

TOTALS = """
SELECT (SELECT count(*) FROM accounts_creditaccount WHERE kind = 'team'),
       (SELECT count(*) FROM accounts_ledgerentry),
       (SELECT coalesce(sum(held), 0) FROM accounts_creditaccount),
       (SELECT coalesce(sum(posted - held + overdraft), 0) FROM accounts_creditaccount
        WHERE kind = 'team')
"""

# Each query lists what must not exist; the text says it to a person.
VIOLATIONS = {
    "Account {0}: posted is {1}, its entries add up to {2}": """
        SELECT a.id, a.posted, coalesce(c.total, 0) - coalesce(d.total, 0)
        FROM accounts_creditaccount a
        LEFT JOIN (SELECT credit_id id, sum(amount) total
                   FROM accounts_ledgerentry GROUP BY 1) c USING (id)
        LEFT JOIN (SELECT debit_id id, sum(amount) total
                   FROM accounts_ledgerentry GROUP BY 1) d USING (id)
        WHERE a.kind = 'team' AND a.posted <> coalesce(c.total, 0) - coalesce(d.total, 0)""",
    "Account {0}: held is {1}, its pending holds add up to {2}": """
        SELECT a.id, a.held, coalesce(h.total, 0)
        FROM accounts_creditaccount a
        LEFT JOIN (SELECT account_id id, sum(amount) total FROM accounts_hold
                   WHERE state = 'pending' GROUP BY 1) h USING (id)
        WHERE a.held <> coalesce(h.total, 0)""",
    "Account {0}: overdrawn ({1} posted, {2} held)": """
        SELECT id, posted, held FROM accounts_creditaccount
        WHERE held < 0 OR posted - held + overdraft < 0""",
    "Hold {0}: captured {1}, its capture entries add up to {2}": """
        SELECT h.id, h.captured, coalesce(sum(e.amount), 0)
        FROM accounts_hold h
        LEFT JOIN accounts_ledgerentry e
          ON e.hold_id = h.id AND e.kind = 'capture' AND e.debit_id = h.account_id
        GROUP BY h.id, h.captured HAVING h.captured <> coalesce(sum(e.amount), 0)""",
    "Entry {0}: amount {1} from account {2}": """
        SELECT id, amount, debit_id FROM accounts_ledgerentry
        WHERE amount <= 0 OR debit_id = credit_id""",
}


@dataclass(slots=True)
class LedgerReport:
    """Amounts in microcredits over all teams; `problems` is empty when the books balance."""

    accounts: int
    entries: int
    held: int
    available: int
    problems: list[str] = field(default_factory=list)


def check() -> LedgerReport:
    with transaction.atomic(), connection.cursor() as cursor:
        # One snapshot for all queries, or a hold placed between two of them reads as a violation.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(TOTALS)
        accounts, entries, held, available = cursor.fetchone() or (0, 0, 0, 0)
        report = LedgerReport(accounts, entries, int(held), int(available))
        for words, query in VIOLATIONS.items():
            cursor.execute(query)
            report.problems += [words.format(*row) for row in _rows(cursor.fetchall())]
    return report


def _rows(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return found[:20]  # Enough to see the pattern; a broken account lists every hold it has.
