"""What must not exist between requests, credits and the provider's figures, as queries.

What the ledger alone cannot know; in the form of `accounts.services.violations`.
"""

from django.conf import settings

from accounts.services.invariants import Invariant

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
    # A list of charges is compared only where the log is silent.
    "Attempt {1}: booked at {2} nano-USD, billed at {3}, and nobody was told": """
        SELECT NULL, a.id, coalesce(a.cost_nano_usd, 0), c.nano_usd
        FROM generations_providercharge c JOIN generations_attempt a ON a.id = c.attempt_id
        WHERE a.sent_at > now() - interval '5 days' AND c.recorded_at > now() - interval '3 days'
          AND (c.seen_via = 'log' OR c.seen_via = 'transaction' AND NOT EXISTS (
                SELECT FROM generations_providercharge other
                WHERE other.attempt_id = c.attempt_id AND other.inference_id = c.inference_id
                  AND other.seen_via = 'log'))
          AND abs(c.nano_usd - coalesce(a.cost_nano_usd, 0))
              > greatest(%(nano_usd)s, c.nano_usd * %(per_mille)s / 1000)
          AND NOT EXISTS (SELECT FROM generations_finding f WHERE f.attempt_id = a.id)""",
}

APPEND_ONLY = {
    "Table {1} can be changed: its trigger {2} is off": """
        SELECT NULL, wanted.name, wanted.name || '_append_only'
        FROM (VALUES ('providercharge'), ('statementexport'), ('priceversion'), ('markup'))
            wanted (name)
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = ('generations_' || wanted.name)::regclass
              AND tgname = wanted.name || '_append_only' AND tgenabled IN ('O', 'A'))""",
}


def invariants() -> tuple[Invariant, ...]:
    tolerance = {
        "nano_usd": settings.RECONCILE_TOLERANCE_NANO_USD,
        "per_mille": settings.RECONCILE_TOLERANCE_PER_MILLE,
    }
    return (
        Invariant("I8", "What was written cannot be changed or removed", APPEND_ONLY),
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
