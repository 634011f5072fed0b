"""What must not exist between requests, credits and the provider's figures, as queries.

What the ledger alone cannot know; in the form of `accounts.services.violations`.
"""

from django.conf import settings

from accounts.services.invariants import DAYS_AND_FILES, Invariant
from accounts.services.violations import append_only

# A hold and its request are written in one transaction; what nobody can settle is given up after a
# day; the provider's records are read again for three.
REQUESTS = {
    "Request {1}: {2}, but its hold is {3}": """
        SELECT h.account_id, r.id, r.status, h.state
        FROM generations_generationrequest r JOIN accounts_hold h ON h.id = r.hold_id
        WHERE (r.status IN ('succeeded', 'failed', 'cancelled')) = (h.state = 'pending')
           OR r.status <> 'succeeded' AND h.captured > 0""",
    "Hold {1}: {2} since {3}, and there is no request for it": """
        SELECT h.account_id, h.id, h.state, h.created_at
        FROM accounts_hold h LEFT JOIN generations_generationrequest r ON r.hold_id = h.id
        WHERE r.id IS NULL AND h.created_at < now() - interval '1 hour' AND NOT EXISTS (
            SELECT FROM generations_finding f
            WHERE f.action = 'case' AND f.resolved_at IS NULL
              AND split_part(f.client_request_id, '.', 1) = h.reference)""",
    "Request {1}: {2}, and nobody has worked on it since {3}": """
        SELECT NULL, r.id, r.status, greatest(r.due_at, r.lease_until)
        FROM generations_generationrequest r
        WHERE r.status NOT IN ('succeeded', 'failed', 'cancelled') AND r.status <> 'awaiting'
          AND greatest(r.due_at, r.lease_until) < now() - interval '2 days' AND NOT EXISTS (
            SELECT FROM generations_attempt a JOIN generations_finding f ON f.attempt_id = a.id
            WHERE a.request_id = r.id AND f.action = 'case' AND f.resolved_at IS NULL)""",
}

# Calls of the last days beside what the provider's records have for them, but for those that are a
# finding. What was taken is what its list of charges has, and the log where that is silent. Booked
# is what counted before anything was learned from there.
BILLED = """
    SELECT a.id attempt_id, c.provider, c.recorded_at, c.nano_usd billed,
           (coalesce(log.occurred_at, c.occurred_at) AT TIME ZONE 'UTC')::date AS day,
           coalesce(a.cost_nano_usd, 0) counted,
           coalesce(computed.nano_usd, a.cost_nano_usd, 0) booked
    FROM generations_attempt a
    JOIN generations_providercharge c ON c.attempt_id = a.id
    LEFT JOIN generations_providercharge log
      ON log.attempt_id = a.id AND log.inference_id = c.inference_id
     AND log.seen_via = 'log' AND log.further = ''
    LEFT JOIN generations_providercharge computed
      ON computed.attempt_id = a.id AND computed.seen_via = 'computed' AND a.cost_source = 'log'
    WHERE a.sent_at > now() - interval '5 days'
      AND (c.seen_via = 'transaction' OR c.seen_via = 'log' AND NOT EXISTS (
            SELECT FROM generations_providercharge other
            WHERE other.attempt_id = a.id AND other.inference_id = c.inference_id
              AND other.seen_via = 'transaction'))
      AND NOT EXISTS (SELECT FROM generations_finding f WHERE f.attempt_id = a.id)"""

CHARGES = {
    "Hold {1}: captured {2}, and no call on record cost anything": """
        SELECT h.account_id, h.id, h.captured
        FROM accounts_hold h JOIN generations_generationrequest r ON r.hold_id = h.id
        WHERE h.captured > 0 AND NOT EXISTS (
            SELECT FROM generations_attempt a
            WHERE a.request_id = r.id AND a.cost_nano_usd IS NOT NULL)""",
    "Attempt {1}: booked at {2} nano-USD, which no figure on record says": """
        SELECT NULL, a.id, a.cost_nano_usd FROM generations_attempt a
        WHERE a.cost_nano_usd IS NOT NULL AND NOT EXISTS (
            SELECT FROM generations_providercharge c
            WHERE c.attempt_id = a.id AND c.nano_usd = a.cost_nano_usd
              AND c.seen_via <> 'estimated')""",
    "Attempt {1}: booked at {2} nano-USD, billed at {3}, and nobody was told": f"""
        SELECT NULL, attempt_id, counted, billed FROM ({BILLED}) bill
        WHERE recorded_at > now() - interval '3 days'
          AND abs(billed - counted) > greatest(%(nano_usd)s, billed * %(per_mille)s / 1000)""",  # noqa: S608  # ours
    "{1} on {2}: booked at {3} nano-USD, billed at {4}, and nobody was told": f"""
        SELECT NULL, provider, day, sum(booked), sum(billed) FROM ({BILLED}) bill
        WHERE NOT EXISTS (
            SELECT FROM generations_finding f
            WHERE f.kind = 'day' AND f.provider = bill.provider
              AND (f.charged_at AT TIME ZONE 'UTC')::date = bill.day)
        GROUP BY provider, day HAVING abs(sum(billed) - sum(booked)) > %(of_a_day)s""",  # noqa: S608  # ours
}

# A month that is over cannot change, and its file was made from what it was.
STATEMENTS = {
    "Account {0}: its file of {1} says {2} entries moved {3}, the ledger {4} moved {5}": """
        SELECT a.id, to_char(file.month, 'YYYY-MM'), file.rows,
               coalesce(file.moved, booked.moved), booked.rows, booked.moved
        FROM generations_statementexport file
        JOIN accounts_creditaccount a ON a.team_id = file.team_id
        CROSS JOIN LATERAL (
            SELECT count(*) AS rows, coalesce(sum(amount), 0)::bigint moved
            FROM (SELECT created_at, -amount amount FROM accounts_ledgerentry
                  WHERE debit_id = a.id
                  UNION ALL
                  SELECT created_at, amount FROM accounts_ledgerentry WHERE credit_id = a.id) one
            WHERE created_at >= file.month::timestamp AT TIME ZONE 'UTC'
              AND created_at < (file.month + interval '1 month') AT TIME ZONE 'UTC') booked
        WHERE file.is_final
          AND (file.rows <> booked.rows OR coalesce(file.moved, booked.moved) <> booked.moved)""",
}

# What is kept of ended days is what the entries of their requests add up to, day by day.
USED = """
    WITH kept AS MATERIALIZED (
        SELECT a.id account_id, u.day, sum(u.spent)::bigint spent, sum(u.refunded)::bigint refunded
        FROM generations_usageday u JOIN accounts_creditaccount a USING (team_id)
        WHERE u.user_id IS NULL GROUP BY 1, 2
    ),
    closed AS (SELECT account_id, max(day) AS last FROM kept GROUP BY 1),
    moved AS (
        SELECT debit_id account_id, created_at, hold_id, amount spent, 0 refunded
        FROM accounts_ledgerentry
        UNION ALL
        SELECT credit_id, created_at, hold_id, 0, amount FROM accounts_ledgerentry
        WHERE kind = 'refund'
    ),
    booked AS (
        SELECT account_id, (m.created_at AT TIME ZONE 'UTC')::date AS day,
               sum(spent)::bigint spent, sum(refunded)::bigint refunded
        FROM moved m
        JOIN closed USING (account_id)
        JOIN generations_generationrequest r ON r.hold_id = m.hold_id
        WHERE (m.created_at AT TIME ZONE 'UTC')::date <= closed.last GROUP BY 1, 2
    )
    SELECT account_id, day, coalesce(kept.spent, 0), coalesce(kept.refunded, 0),
           coalesce(booked.spent, 0), coalesce(booked.refunded, 0)
    FROM kept FULL JOIN booked USING (account_id, day)
    WHERE (coalesce(kept.spent, 0), coalesce(kept.refunded, 0))
          <> (coalesce(booked.spent, 0), coalesce(booked.refunded, 0))"""
USAGE = {"Account {0}: on {1} its usage says {2} spent and {3} back, its entries {4} and {5}": USED}

APPEND_ONLY = append_only(
    "generations", "providercharge", "statementexport", "priceversion", "markup", "approval"
)


def invariants() -> tuple[Invariant, ...]:
    tolerance = {
        "nano_usd": settings.RECONCILE_TOLERANCE_NANO_USD,
        "per_mille": settings.RECONCILE_TOLERANCE_PER_MILLE,
        "of_a_day": settings.RECONCILE_DAY_TOLERANCE_NANO_USD,
    }
    return (
        Invariant("I8", "What was written cannot be changed or removed", APPEND_ONLY),
        Invariant("I10", DAYS_AND_FILES, {**STATEMENTS, **USAGE}),
        Invariant(
            "I11", "Every request that ended has settled its hold, and no other has", REQUESTS
        ),
        Invariant(
            "I13",
            "Every charge stands on a figure that is on record, and agrees with the bill",
            CHARGES,
            tolerance,
        ),
    )
