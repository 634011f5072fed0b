"""The statements that bring credits, take them by themselves and let them run out.

As in `statements`, each does one operation whole.
"""

OPEN_ACCOUNT = """
INSERT INTO accounts_creditaccount (team_id, kind, posted, held, overdraft)
VALUES (%(team)s, 'team', 0, 0, 0) ON CONFLICT DO NOTHING
"""

# What comes in makes lots: credits that may expire, and are burnt in an order.
MAKE_LOTS = """
    INSERT INTO accounts_lot
        (account_id, entry_id, kind, amount, priority, effective_at, expires_at)
    SELECT entry.credit_id, entry.id, lot.kind, lot.amount, lot.priority,
           coalesce(lot.begins, statement_timestamp()), lot.ends
    FROM entry, unnest(
        %(lot_kinds)s::text[], %(lot_amounts)s::bigint[], %(lot_priorities)s::smallint[],
        %(lot_begins)s::timestamptz[], %(lot_ends)s::timestamptz[]
    ) AS lot (kind, amount, priority, begins, ends)
"""

# The account is locked first: so its entries, also those that take, are numbered as they come.
GIVE = f"""
WITH team AS (
    SELECT id FROM accounts_creditaccount WHERE team_id = %(team)s FOR NO KEY UPDATE
),
entry AS (
    INSERT INTO accounts_ledgerentry
        (debit_id, credit_id, amount, kind, key, actor_id, approver_id, reason)
    SELECT house.id, team.id, %(amount)s, %(kind)s, %(key)s, %(actor)s, %(approver)s, %(reason)s
    FROM team, accounts_creditaccount house WHERE house.kind = %(source)s
    ON CONFLICT (key) DO NOTHING
    RETURNING id, credit_id
),
lots AS ({MAKE_LOTS})
UPDATE accounts_creditaccount SET posted = posted + %(amount)s
FROM entry WHERE accounts_creditaccount.id = entry.credit_id
"""  # noqa: S608  # our own words

# A correction downwards; refused where the credits are not there to take.
TAKE = """
WITH account AS (
    UPDATE accounts_creditaccount SET posted = posted - %(amount)s
    WHERE team_id = %(team)s AND posted - held + overdraft >= %(amount)s
    RETURNING id
)
INSERT INTO accounts_ledgerentry
    (debit_id, credit_id, amount, kind, key, actor_id, approver_id, reason)
SELECT account.id, house.id, %(amount)s, %(kind)s, %(key)s, %(actor)s, %(approver)s, %(reason)s
FROM account, accounts_creditaccount house WHERE house.kind = %(source)s
"""

TRANSFER = """
WITH pair AS (
    SELECT id, team_id, posted - held + overdraft AS available, frozen_at
    FROM accounts_creditaccount WHERE team_id IN (%(team)s, %(other)s)
    ORDER BY id FOR NO KEY UPDATE
),
giver AS (
    SELECT id FROM pair
    WHERE team_id = %(team)s AND frozen_at IS NULL AND available >= %(amount)s
),
taker AS (SELECT id FROM pair WHERE team_id = %(other)s),
entry AS (
    INSERT INTO accounts_ledgerentry (debit_id, credit_id, amount, kind, key, actor_id, reason)
    SELECT giver.id, taker.id, %(amount)s, 'transfer', %(key)s, %(actor)s, %(reason)s
    FROM giver, taker
    RETURNING debit_id, credit_id
)
UPDATE accounts_creditaccount
SET posted = posted + CASE
    WHEN accounts_creditaccount.id = entry.credit_id THEN %(amount)s ELSE -%(amount)s
END
FROM entry WHERE accounts_creditaccount.id IN (entry.debit_id, entry.credit_id)
"""

# What is left of a lot that ran out, named in the allocation. An overdraft does not count: what is
# held was admitted, and stays.
EXPIRE = """
WITH account AS (
    UPDATE accounts_creditaccount SET posted = posted - %(amount)s
    FROM accounts_lot lot
    WHERE lot.id = %(lot)s AND lot.expires_at <= %(now)s
      AND accounts_creditaccount.id = lot.account_id
      AND frozen_at IS NULL AND posted - held >= %(amount)s
    RETURNING accounts_creditaccount.id
),
entry AS (
    INSERT INTO accounts_ledgerentry
        (debit_id, credit_id, amount, kind, key, reason, effective_at)
    SELECT account.id, house.id, %(amount)s, 'expiry', %(key)s, 'Ran out', %(now)s
    FROM account, accounts_creditaccount house WHERE house.kind = 'expiry'
    RETURNING id
)
INSERT INTO accounts_lotallocation (entry_id, lot_id, amount)
SELECT entry.id, %(lot)s, %(amount)s FROM entry
"""

# What an account consumed and no lot was named for yet, and what its pending holds may: in one
# statement, so that a hold that is captured meanwhile is not missed in both.
CLAIMS = """
(
    SELECT e.id, (e.amount - coalesce(sum(a.amount), 0))::bigint, e.effective_at, e.kind
    FROM accounts_ledgerentry e LEFT JOIN accounts_lotallocation a ON a.entry_id = e.id
    WHERE e.debit_id = %(account)s
    GROUP BY e.id HAVING e.amount > coalesce(sum(a.amount), 0)
    ORDER BY e.effective_at, e.id LIMIT %(at_once)s
)
UNION ALL
SELECT NULL, amount, created_at, NULL FROM accounts_hold
WHERE account_id = %(account)s AND state = 'pending'
ORDER BY 3, 1 NULLS LAST
"""
