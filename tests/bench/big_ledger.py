"""Sound books of any size, filled in by a few statements: to make a million entries one by one is
not what is measured. With each charge its request, its attempt, and the provider's figures of it.
"""

from typing import Any

from django.db import connection, transaction

from accounts.models import CreditAccount, Team, User
from accounts.services import entries as kept
from accounts.services import ledger

TEAMS = 200
CHARGE = 3_300_000
GIVEN_BACK = 1_000_000
GRANT = 10**13

# Every hundredth charge is partly refunded, every thousandth hold still waits.
STEPS = [
    # Only while filling: a foreign key checked a row at a time takes longer than all the rest.
    "SET LOCAL session_replication_role = replica",
    """
    INSERT INTO accounts_hold (id, account_id, reference, amount, captured, refunded, state,
                               created_at, resolved_at, windows)
    SELECT uuidv7(), (%(accounts)s::bigint[])[1 + n %% %(teams)s], 'big ' || n, %(charge)s,
           CASE WHEN n %% 1000 = 1 THEN 0 ELSE %(charge)s END,
           CASE WHEN n %% 100 = 0 THEN %(back)s ELSE 0 END,
           CASE WHEN n %% 1000 = 1 THEN 'pending' ELSE 'captured' END, at,
           CASE WHEN n %% 1000 = 1 THEN NULL ELSE at + interval '9 seconds' END, '{}'
    FROM (SELECT n, now() - (%(holds)s - n) * interval '10 seconds' AS at
          FROM generate_series(1, %(holds)s) n) one
    """,
    """
    INSERT INTO generations_generationrequest
        (id, team_id, user_id, idempotency_key, fingerprint, provider, model, prompt, params,
         num_images, arrived, visibility, source, hold_id, status, fence, attempt_count,
         tries, lease_owner, error_code, error_detail, created_at, finished_at)
    SELECT h.id, a.team_id, %(user)s, gen_random_uuid(), '', 'aimlapi', 'flux/dev', 'Big', '{}',
           1, (h.state <> 'pending')::int, 'team', 'web', h.id,
           CASE WHEN h.state = 'pending' THEN 'queued' ELSE 'succeeded' END,
           1, 1, 0, '', '', '', h.created_at, h.resolved_at
    FROM accounts_hold h JOIN accounts_creditaccount a ON a.id = h.account_id
    WHERE h.reference LIKE 'big %%'
    """,
    """
    INSERT INTO generations_attempt
        (id, request_id, number, fence, client_request_id, state, sent_at, answered_at, http_status,
         error_kind, error_message, inference_id, cost_nano_usd, cost_native, cost_unit,
         cost_source, raw_headers, raw_body)
    SELECT id, id, 1, 1, id || '.1', 'answered', created_at, resolved_at, 200, '', '', id,
           %(nano_usd)s, %(nano_usd)s / 500, 'credits', 'header', '{}', ''
    FROM accounts_hold WHERE reference LIKE 'big %%' AND state = 'captured'
    """,
    """
    INSERT INTO generations_providercharge
        (attempt_id, provider, inference_id, seen_via, nano_usd, native_unit, occurred_at,
         recorded_at)
    SELECT a.id, 'aimlapi', CASE seen.via WHEN 'estimated' THEN '' ELSE a.inference_id END,
           seen.via, %(nano_usd)s, '', a.answered_at, a.answered_at
    FROM generations_attempt a, unnest(ARRAY['estimated', 'header', 'log']) seen (via)
    """,
    """
    INSERT INTO accounts_ledgerentry
        (debit_id, credit_id, amount, kind, key, hold_id, reason, effective_at, created_at)
    SELECT h.account_id, house.id, h.captured, 'capture', 'capture:' || h.id, h.id, '',
           h.created_at, h.resolved_at
    FROM accounts_hold h, accounts_creditaccount house
    WHERE house.kind = 'revenue' AND h.reference LIKE 'big %%' AND h.state = 'captured'
    ORDER BY h.resolved_at
    """,
    """
    INSERT INTO accounts_ledgerentry (debit_id, credit_id, amount, kind, key, hold_id, reason)
    SELECT house.id, h.account_id, h.refunded, 'refund', 'refund:' || h.reference, h.id, 'Blurred'
    FROM accounts_hold h, accounts_creditaccount house
    WHERE house.kind = 'revenue' AND h.reference LIKE 'big %%' AND h.refunded > 0
    """,
    """
    INSERT INTO accounts_lot (account_id, entry_id, kind, amount, priority)
    SELECT credit_id, id, 'returned', amount, 20 FROM accounts_ledgerentry
    WHERE kind = 'refund' AND key LIKE 'refund:big %%'
    """,
    """
    INSERT INTO accounts_lotallocation (entry_id, lot_id, amount)
    SELECT e.id, l.id, e.amount
    FROM accounts_ledgerentry e JOIN accounts_lot l ON l.account_id = e.debit_id
    WHERE e.kind = 'capture' AND l.kind = 'granted' AND e.debit_id = ANY(%(accounts)s)
    """,
    """
    UPDATE accounts_ledgerentry SET created_at = now() - interval '1 year'
    WHERE kind = 'grant' AND credit_id = ANY(%(accounts)s)
    """,
    """
    UPDATE accounts_creditaccount a SET
        posted = posted + coalesce((SELECT sum(refunded - captured) FROM accounts_hold h
                                    WHERE h.account_id = a.id), 0),
        held = coalesce((SELECT sum(amount) FROM accounts_hold h
                         WHERE h.account_id = a.id AND state = 'pending'), 0)
    WHERE id = ANY(%(accounts)s)
    """,
]


def fill(*, entries: int) -> list[Team]:
    """Add about so many entries, spread over new teams."""
    teams = [Team.objects.create(name=f"Big {n}", slug=f"big-{n}") for n in range(TEAMS)]
    for team in teams:
        ledger.grant(team=team, amount=GRANT, reason="To spend", reference=team.slug)
    accounts = list(CreditAccount.objects.filter(team__in=teams))
    values: dict[str, Any] = {
        "user": User.objects.create(email="big@example.com").pk,
        "nano_usd": CHARGE * 10,  # at a cent a credit
        "accounts": [account.pk for account in accounts],
        "teams": TEAMS,
        "holds": entries * 100 // 101,
        "charge": CHARGE,
        "back": GIVEN_BACK,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for step in STEPS:
            cursor.execute(step, values)
    for account in accounts:
        kept.close_days(account)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return teams
