"""What must not exist where lots were burnt: what the allocator in `lots` never writes.

In the form of `violations`. An account's entries are numbered under its lock, and lots are matched
by one at a time: so the numbers say what a match saw. A lot whose entry has the lower number was
there, and so was an entry; and what a lot had left is its amount without what lower-numbered
allocations took. Only a hold that was released says by its time when it ended.
"""

# A lot comes in turn as in `lots.burn_order`, those that are open as of the entry first. What holds
# placed before may have kept of it, not being settled yet, is not counted as left.
# Parts of a thousand allocations are compared with lots, and each allocation only in parts where
# one may be wrong: all with all would not be done in a night. Nor would books that are all wrong,
# so of those that passed by a lot the first twenty are judged.
IN_TURN = """
    WITH burn AS MATERIALIZED (
        SELECT a.id, a.lot_id, a.amount, a.entry_id, a.id / 1000 AS part, e.effective_at AS at,
               e.created_at, e.kind NOT IN ('expiry', 'transfer') AS in_turn
        FROM accounts_lotallocation a JOIN accounts_ledgerentry e ON e.id = a.entry_id
    ),
    lot AS MATERIALIZED (
        SELECT l.id, l.account_id, l.entry_id, l.amount, l.effective_at AS begins,
               coalesce(l.expires_at, 'infinity') AS ends,
               row_number() OVER (ORDER BY l.priority, l.expires_at IS NULL,
                                  coalesce(l.expires_at, l.effective_at), l.id) AS turn,
               CASE WHEN l.amount <= given.amount THEN given.last END AS emptied
        FROM accounts_lot l
        LEFT JOIN (SELECT lot_id, sum(amount) amount, max(id) AS last FROM burn GROUP BY 1) given
          ON given.lot_id = l.id
    ),
    part AS (
        SELECT lot_id, part, min(id) AS first, max(entry_id) AS newest, min(at) AS since,
               max(at) AS until
        FROM burn WHERE in_turn GROUP BY 1, 2
    ),
    suspect AS MATERIALIZED (
        SELECT x.id AS taken, p.part, x.turn AS taken_turn, x.begins AS taken_begins,
               x.ends AS taken_ends, y.*
        FROM part p
        JOIN lot x ON x.id = p.lot_id
        JOIN lot y ON y.account_id = x.account_id
        WHERE y.entry_id < p.newest AND (y.emptied IS NULL OR y.emptied > p.first)
          AND CASE WHEN x.begins <= p.since AND x.ends > p.until
                   THEN y.turn < x.turn AND y.begins <= p.until AND y.ends > p.since
                   ELSE y.id <> x.id END
    ),
    passed_by AS MATERIALIZED (
        SELECT b.id, b.entry_id, b.at, b.created_at, b.amount AS took, s.account_id, s.taken,
               s.id AS lot_id, s.amount, row_number() OVER (PARTITION BY s.id ORDER BY b.id) AS nth
        FROM suspect s JOIN burn b ON b.lot_id = s.taken AND b.part = s.part AND b.in_turn
        WHERE s.entry_id < b.entry_id AND (s.emptied IS NULL OR s.emptied > b.id)
          AND (s.begins > b.at OR s.ends <= b.at, s.turn)
              < (s.taken_begins > b.at OR s.taken_ends <= b.at, s.taken_turn)
    )
    SELECT p.account_id, p.entry_id, p.took, p.taken, p.lot_id, had.amount
    FROM passed_by p
    CROSS JOIN LATERAL (
        SELECT (p.amount - coalesce(sum(a.amount), 0))::bigint AS amount
        FROM accounts_lotallocation a WHERE a.lot_id = p.lot_id AND a.id < p.id
    ) had
    WHERE p.nth <= 20 AND had.amount > (
        SELECT coalesce(sum(h.amount), 0) FROM accounts_hold h
        WHERE h.account_id = p.account_id AND h.created_at < p.at
          AND (h.resolved_at IS NULL OR h.resolved_at > p.created_at - interval '1 hour')
          AND NOT EXISTS (SELECT FROM accounts_ledgerentry e
                          WHERE e.hold_id = h.id AND e.kind = 'capture' AND e.id < p.entry_id))
    ORDER BY p.id"""

# A match leaves out no entry that it saw: while credits are missing, what comes later gets none.
# Nor does an entry ever get more than it took.
MATCHED = """
    WITH booked AS MATERIALIZED (
        SELECT e.id, e.debit_id, e.effective_at AS at, e.amount, e.kind,
               coalesce(given.amount, 0) AS matched
        FROM accounts_ledgerentry e
        LEFT JOIN (SELECT entry_id, sum(amount) amount
                   FROM accounts_lotallocation GROUP BY 1) given ON given.entry_id = e.id
    ),
    newest AS (
        SELECT debit_id, max(id) AS id, max(at) AS at FROM booked
        WHERE matched > 0 AND kind <> 'expiry' GROUP BY 1
    ),
    missing AS MATERIALIZED (
        SELECT b.* FROM booked b JOIN newest USING (debit_id)
        WHERE b.matched < b.amount AND b.id < newest.id AND b.at <= newest.at
    )
    SELECT debit_id, id, amount, matched FROM missing m
    WHERE EXISTS (
        SELECT FROM booked later
        WHERE later.debit_id = m.debit_id AND later.matched > 0 AND later.kind <> 'expiry'
          AND later.id > m.id AND later.at >= m.at)
    UNION ALL
    SELECT debit_id, id, amount, matched FROM booked WHERE matched > amount"""

BURNT = {
    "Entry {1}: took {2} from lot {3}, though lot {4} came before it and had {5} left": IN_TURN,
    "Entry {1}: {2} went, of which lots gave {3}": MATCHED,
}
