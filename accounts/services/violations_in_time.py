"""What must not exist in a sound ledger over time: lots, kept days, and all that ever moved.

In the form of `violations`.
"""

LOTS = {
    "Lot {1}: gave {2} to entry {3} of another account": """
        SELECT l.account_id, l.id, a.amount, e.id
        FROM accounts_lotallocation a
        JOIN accounts_lot l ON l.id = a.lot_id
        JOIN accounts_ledgerentry e ON e.id = a.entry_id
        WHERE l.account_id <> e.debit_id""",
    "Lot {1}: of {2} it gave {3}": """
        SELECT l.account_id, l.id, l.amount, coalesce(a.total, 0)
        FROM accounts_lot l
        LEFT JOIN (SELECT lot_id, sum(amount) total FROM accounts_lotallocation GROUP BY 1) a
          ON a.lot_id = l.id
        WHERE l.amount <= 0 OR coalesce(a.total, 0) > l.amount""",
    "Lot {1}: it ran out at {2} and was taken back at {3}": """
        SELECT l.account_id, l.id, coalesce(l.expires_at::text, 'no time'), e.effective_at
        FROM accounts_ledgerentry e
        JOIN accounts_lotallocation a ON a.entry_id = e.id
        JOIN accounts_lot l ON l.id = a.lot_id
        WHERE e.kind = 'expiry' AND (l.expires_at IS NULL OR l.expires_at > e.effective_at)""",
    "Entry {1}: {2} came in, its lots hold {3}": """
        SELECT e.credit_id, e.id, e.amount, coalesce(l.total, 0)
        FROM accounts_ledgerentry e
        JOIN accounts_creditaccount c ON c.id = e.credit_id AND c.kind = 'team'
        LEFT JOIN (SELECT entry_id, account_id, sum(amount) total
                   FROM accounts_lot GROUP BY 1, 2) l
          ON l.entry_id = e.id AND l.account_id = e.credit_id
        WHERE e.amount <> coalesce(l.total, 0)""",
}

CONSERVATION = {
    "Given {1}, gone {2} and still posted {3}: credits came from nowhere, or went there": """
        SELECT NULL, given, gone, posted
        FROM (SELECT coalesce(sum(amount) FILTER (
                         WHERE kind IN ('grant', 'topup', 'refund')
                            OR kind = 'adjust' AND c.house), 0) given,
                     coalesce(sum(amount) FILTER (
                         WHERE kind IN ('capture', 'overrun', 'expiry')
                            OR kind = 'adjust' AND NOT c.house), 0) gone
              FROM (SELECT kind, debit_id, sum(amount) amount
                    FROM accounts_ledgerentry GROUP BY 1, 2) e
              JOIN (SELECT id, kind <> 'team' house FROM accounts_creditaccount) c
                ON c.id = e.debit_id) moved,
             (SELECT coalesce(sum(posted), 0) posted FROM accounts_creditaccount) now
        WHERE given <> gone + posted""",
}

# A kept day is the sum of all entries up to its end: so each begins with what the last one closed
# with, and no entry was added to a day after it had ended.
DAYS = {
    "Account {0}: on {1} its kept balance moved by {2}, its entries by {3}": """
        WITH kept AS (
            SELECT account_id, day, closing - coalesce(
                       lag(closing) OVER (PARTITION BY account_id ORDER BY day), 0) moved
            FROM accounts_accountday
        ),
        booked AS (
            SELECT account_id, day, sum(amount) moved
            FROM (SELECT debit_id account_id, (created_at AT TIME ZONE 'UTC')::date AS day,
                         -sum(amount) amount
                  FROM accounts_ledgerentry GROUP BY 1, 2
                  UNION ALL
                  SELECT credit_id, (created_at AT TIME ZONE 'UTC')::date, sum(amount)
                  FROM accounts_ledgerentry GROUP BY 1, 2) one
            JOIN (SELECT account_id, max(day) last FROM accounts_accountday GROUP BY 1) closed
              USING (account_id)
            WHERE day <= last GROUP BY 1, 2
        )
        SELECT account_id, day, coalesce(kept.moved, 0), coalesce(booked.moved, 0)
        FROM kept FULL JOIN booked USING (account_id, day)
        WHERE coalesce(kept.moved, 0) <> coalesce(booked.moved, 0)""",
}

# What was let in, replayed by the hour. Rows carry the time at which their transaction began, not
# that of their lock: so what came in counts an hour early, and nothing that was right looks wrong.
# A capture is left out: it makes spent of what was reserved, and neither more nor less available.
# An overdraft may have been lowered since: the greatest that it ever was counts.
ADMISSION = {
    "Account {0}: in the hour of {1} it was {2} below what it had": """
        WITH held AS (
            SELECT account_id, date_bin('1 hour', created_at, '2000-01-01Z') AS hour,
                   date_bin('1 hour', resolved_at, '2000-01-01Z') AS ended,
                   sum(amount)::bigint amount, sum(amount - captured)::bigint back
            FROM accounts_hold GROUP BY 1, 2, 3
        ),
        other AS (
            SELECT debit_id, credit_id, date_bin('1 hour', created_at, '2000-01-01Z') AS hour,
                   sum(amount)::bigint amount
            FROM accounts_ledgerentry WHERE kind <> 'capture' GROUP BY 1, 2, 3
        ),
        moved AS (
            SELECT account_id, hour, -amount amount FROM held
            UNION ALL
            SELECT account_id, ended - interval '1 hour', back FROM held
            WHERE ended IS NOT NULL AND back > 0
            UNION ALL
            SELECT debit_id, hour, -amount FROM other
            UNION ALL
            SELECT credit_id, hour - interval '1 hour', amount FROM other
        ),
        lent AS (
            SELECT a.id, greatest(a.overdraft, max(c.amount), max(c.overdraft_before)) amount
            FROM accounts_creditaccount a
            LEFT JOIN accounts_creditchange c
              ON c.team_id = a.team_id AND c.kind = 'overdraft' AND c.state = 'done'
            WHERE a.kind = 'team' GROUP BY a.id
        ),
        left_over AS (
            SELECT account_id, hour, sum(amount) OVER (
                       PARTITION BY account_id ORDER BY hour) amount
            FROM moved
        )
        SELECT DISTINCT ON (lent.id) lent.id, l.hour, -(l.amount + lent.amount)
        FROM left_over l JOIN lent ON lent.id = l.account_id
        WHERE l.amount + lent.amount < 0
        ORDER BY lent.id, l.hour""",
}
