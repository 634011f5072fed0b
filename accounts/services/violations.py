"""What must not exist in a sound ledger, as queries, each with the words that say it to a person.

The first column is the team's account at fault, or NULL where only the house is; the words number
the columns. What each group is about is said in `invariants`.
"""

from collections.abc import Iterable

BALANCES = {
    "Account {0}: posted is {1}, its entries add up to {2}": """
        SELECT a.id, a.posted, coalesce(c.total, 0) - coalesce(d.total, 0)
        FROM accounts_creditaccount a
        LEFT JOIN (SELECT credit_id id, sum(amount) total
                   FROM accounts_ledgerentry GROUP BY 1) c USING (id)
        LEFT JOIN (SELECT debit_id id, sum(amount) total
                   FROM accounts_ledgerentry GROUP BY 1) d USING (id)
        WHERE a.kind = 'team' AND a.posted <> coalesce(c.total, 0) - coalesce(d.total, 0)""",
}

RESERVED = {
    "Account {0}: held is {1}, its pending holds add up to {2}": """
        SELECT a.id, a.held, coalesce(h.total, 0)
        FROM accounts_creditaccount a
        LEFT JOIN (SELECT account_id id, sum(amount) total FROM accounts_hold
                   WHERE state = 'pending' GROUP BY 1) h USING (id)
        WHERE a.held <> coalesce(h.total, 0)""",
    "Limit {1}: counts {2} used and {3} held, its holds add up to {4} and {5}": """
        SELECT a.id, w.id, w.used, w.held, coalesce(h.used, 0), coalesce(h.held, 0)
        FROM accounts_budgetwindow w
        JOIN accounts_budget b ON b.id = w.budget_id
        JOIN accounts_creditaccount a ON a.team_id = b.team_id
        LEFT JOIN (SELECT id, sum(captured + overrun - refunded) used,
                          sum(amount) FILTER (WHERE state = 'pending') held
                   FROM (SELECT unnest(windows) id, captured, overrun, refunded, amount, state
                         FROM accounts_hold WHERE windows <> '{}') one GROUP BY 1) h ON h.id = w.id
        WHERE (w.used, w.held) <> (coalesce(h.used, 0), coalesce(h.held, 0))""",
}

COVERED = {
    "Account {0}: overdrawn ({1} posted, {2} held)": """
        SELECT id, posted, held FROM accounts_creditaccount
        WHERE held < 0 OR posted - held + overdraft < 0""",
    "Table {1}: its check {2} is off": """
        SELECT NULL, wanted.name, wanted.guard
        FROM (VALUES ('creditaccount', 'account_never_overdrawn'),
                     ('creditaccount', 'account_held_not_negative')) wanted (name, guard)
        WHERE NOT EXISTS (
            SELECT FROM pg_constraint
            WHERE conrelid = ('accounts_' || wanted.name)::regclass AND conname = wanted.guard
              AND contype = 'c' AND convalidated)""",
}

ENTRIES = {
    "The {1} account keeps counters ({2} posted, {3} held); the house's are in its entries": """
        SELECT NULL, kind, posted, held FROM accounts_creditaccount
        WHERE kind <> 'team' AND (posted <> 0 OR held <> 0)""",
    "All teams hold {1} and the house {2}: together that is not 0": """
        SELECT NULL, teams, house
        FROM (SELECT coalesce(sum(posted), 0) teams FROM accounts_creditaccount) t,
             (SELECT coalesce(sum(CASE WHEN c.kind = 'team' THEN 0 ELSE amount END)
                              - sum(CASE WHEN d.kind = 'team' THEN 0 ELSE amount END), 0) house
              FROM (SELECT debit_id, credit_id, sum(amount) amount
                    FROM accounts_ledgerentry GROUP BY 1, 2) e
              JOIN accounts_creditaccount c ON c.id = e.credit_id
              JOIN accounts_creditaccount d ON d.id = e.debit_id) h
        WHERE teams + house <> 0""",
    "Entry {1}: a {2} of {3} from {4} to {5}": """
        SELECT CASE WHEN d.kind = 'team' THEN d.id WHEN c.kind = 'team' THEN c.id END,
               e.id, e.kind, e.amount, d.kind, c.kind
        FROM accounts_ledgerentry e
        JOIN accounts_creditaccount d ON d.id = e.debit_id
        JOIN accounts_creditaccount c ON c.id = e.credit_id
        WHERE e.amount <= 0 OR e.debit_id = e.credit_id OR (e.kind, d.kind, c.kind) NOT IN (
            ('capture', 'team', 'revenue'), ('overrun', 'team', 'revenue'),
            ('grant', 'funding', 'team'), ('grant', 'promotion', 'team'),
            ('topup', 'funding', 'team'), ('refund', 'revenue', 'team'),
            ('house', 'overrun', 'revenue'), ('transfer', 'team', 'team'),
            ('adjust', 'adjustment', 'team'), ('adjust', 'team', 'adjustment'),
            ('expiry', 'team', 'expiry'))""",
}

HOLDS = {
    "Hold {1}: captured {2}, its capture entries add up to {3}": """
        SELECT h.account_id, h.id, h.captured, coalesce(e.total, 0)
        FROM accounts_hold h
        LEFT JOIN (SELECT hold_id, debit_id, sum(amount) total FROM accounts_ledgerentry
                   WHERE kind = 'capture' GROUP BY 1, 2) e
          ON e.hold_id = h.id AND e.debit_id = h.account_id
        WHERE h.captured <> coalesce(e.total, 0)""",
    "Hold {1}: {2} charged above it, its overrun entries add up to {3}": """
        SELECT h.account_id, h.id, h.overrun, coalesce(e.total, 0)
        FROM accounts_hold h
        LEFT JOIN (SELECT hold_id, debit_id, sum(amount) total FROM accounts_ledgerentry
                   WHERE kind = 'overrun' GROUP BY 1, 2) e
          ON e.hold_id = h.id AND e.debit_id = h.account_id
        WHERE h.overrun <> coalesce(e.total, 0)""",
    "Hold {1}: {2}, with {3} of {4} captured, ended {5}": """
        SELECT account_id, id, state, captured, amount, coalesce(resolved_at::text, 'never')
        FROM accounts_hold
        WHERE amount <= 0 OR captured < 0 OR captured > amount OR refunded < 0
           OR (state = 'captured') <> (captured > 0)
           OR (state = 'pending') <> (resolved_at IS NULL)
           OR state NOT IN ('pending', 'captured', 'released')""",
}

REFUNDS = {
    "Hold {1}: refunded {2} of {3} charged, its refund entries add up to {4}": """
        SELECT h.account_id, h.id, h.refunded, h.captured + h.overrun, coalesce(e.total, 0)
        FROM accounts_hold h
        LEFT JOIN (SELECT hold_id, credit_id, sum(amount) total FROM accounts_ledgerentry
                   WHERE kind = 'refund' GROUP BY 1, 2) e
          ON e.hold_id = h.id AND e.credit_id = h.account_id
        WHERE h.refunded <> coalesce(e.total, 0) OR h.refunded > h.captured + h.overrun""",
}

KEYS = {
    "Entry {1}: the {2} of hold {3} is booked under the key {4}": """
        SELECT debit_id, id, kind, hold_id, key FROM accounts_ledgerentry
        WHERE kind = 'capture' AND (hold_id IS NULL OR key <> 'capture:' || hold_id)
           OR kind = 'overrun' AND (hold_id IS NULL OR key <> 'overrun:' || hold_id)""",
    "Table {1}: nothing keeps its {2} from being booked twice": """
        SELECT NULL, wanted.name, wanted.col
        FROM (VALUES ('ledgerentry', 'key'), ('hold', 'reference')) wanted (name, col)
        WHERE NOT EXISTS (
            SELECT FROM pg_index i
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = ('accounts_' || wanted.name)::regclass AND a.attname = wanted.col
              AND i.indisunique AND i.indisvalid AND i.indnatts = 1 AND i.indpred IS NULL)""",
}


# A statement that deletes or updates, whatever column, and one that truncates; a row's update.
REFUSED = {"append_only": 26, "no_truncate": 34}
ENDS_ONCE = {"no_delete": 10, "no_truncate": 34, "ends_are_final": 19}
ASKS_FIRST = {"ends_are_final": "accounts_refuse_another_end"}


def append_only(room: str, *tables: str, but_for_its_end: Iterable[str] = ()) -> dict[str, str]:
    """Of tables that nobody may change: the triggers that are gone, off, or not as they were made.

    A row of those `but_for_its_end` changes once, when it ends. What each trigger stands before is
    in the bits of `pg_trigger.tgtype`.
    """
    guarded = [(table, REFUSED) for table in tables]
    guarded += [(table, ENDS_ONCE) for table in but_for_its_end]
    wanted = ", ".join(
        f"('{room}_{table}'::regclass, '{table}', '{table}_{name}', {before},"
        f" '{ASKS_FIRST.get(name, 'accounts_refuse_change')}'::regproc)"
        for table, guards in guarded
        for name, before in guards.items()
    )
    look = f"""
        SELECT NULL, wanted.name, wanted.guard
        FROM (VALUES {wanted}) wanted (class, name, guard, before, calls)
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = wanted.class AND tgname = wanted.guard AND tgenabled IN ('O', 'A')
              AND tgtype = wanted.before AND tgattr = '' AND tgqual IS NULL
              AND tgfoid = wanted.calls)"""  # noqa: S608  # our own words
    return {"Table {1} can be changed: its trigger {2} is off": look}


APPEND_ONLY = append_only(
    "accounts", "ledgerentry", "lot", "lotallocation", but_for_its_end=["creditchange"]
)
