"""The statements of holds and of what they charge.

Each does one operation whole, its checks and effects together. What admits is a counter in the row
that is updated, whose WHERE is judged again after every lock wait; nothing sums rows that others
may be adding to. Accounts are locked in the order of their ids.
"""

from accounts.services.fund_statements import MAKE_LOTS

# The account is updated before the hold is inserted: the other order makes the insert's foreign-key
# check queue behind every other hold of the team (measured). `limits_made` is how many limits are
# known to whoever asks: where one is made while this waits, nothing is held.
HOLD = """
WITH account AS (
    UPDATE accounts_creditaccount SET held = held + %(amount)s
    WHERE team_id = %(team)s AND frozen_at IS NULL
      AND limits_made = coalesce(%(limits_made)s::integer, limits_made)
      AND posted - held + overdraft >= %(amount)s
    RETURNING id
)
INSERT INTO accounts_hold (id, account_id, reference, amount, captured, state)
SELECT %(id)s, account.id, %(reference)s, %(amount)s, 0, 'pending' FROM account
RETURNING id, account_id, created_at
"""

# With limits: their windows are locked first, in order, so that each is judged as it is when nobody
# else may change it; one that is full refuses all. So are the limits: of one that is lowered while
# this waits, the new amount counts.
HOLD_WITHIN = """
WITH room AS (
    SELECT w.id, b.amount - w.used - w.held AS remaining
    FROM accounts_budgetwindow w JOIN accounts_budget b ON b.id = w.budget_id
    WHERE w.id = ANY(%(windows)s)
    ORDER BY w.id FOR NO KEY UPDATE OF w FOR SHARE OF b
),
account AS (
    UPDATE accounts_creditaccount SET held = held + %(amount)s
    WHERE team_id = %(team)s AND frozen_at IS NULL
      AND limits_made = coalesce(%(limits_made)s::integer, limits_made)
      AND (SELECT min(remaining) FROM room) >= %(amount)s
      AND posted - held + overdraft >= %(amount)s
    RETURNING id
),
counted AS (
    UPDATE accounts_budgetwindow SET held = held + %(amount)s
    FROM account WHERE accounts_budgetwindow.id = ANY(%(windows)s)
)
INSERT INTO accounts_hold (id, account_id, reference, amount, captured, state, windows)
SELECT %(id)s, account.id, %(reference)s, %(amount)s, 0, 'pending', %(windows)s FROM account
RETURNING id, account_id, created_at
"""

HELD = "SELECT amount FROM accounts_hold WHERE id = %(hold)s"

CAPTURE = """
WITH hold AS (
    UPDATE accounts_hold SET state = 'captured', captured = %(amount)s, resolved_at = now()
    WHERE id = %(hold)s AND state = 'pending'
    RETURNING id, account_id, amount, created_at, windows
),
locked AS (
    SELECT w.id FROM accounts_budgetwindow w, hold WHERE w.id = ANY(hold.windows)
    ORDER BY w.id FOR NO KEY UPDATE OF w
),
counted AS (
    UPDATE accounts_budgetwindow w SET held = w.held - hold.amount, used = w.used + %(amount)s
    FROM hold, locked WHERE w.id = locked.id
    RETURNING w.id
),
entry AS (
    INSERT INTO accounts_ledgerentry
        (debit_id, credit_id, amount, kind, key, hold_id, reason, effective_at)
    SELECT hold.account_id, house.id, %(amount)s, 'capture', 'capture:' || hold.id, hold.id, '',
           hold.created_at
    FROM hold, accounts_creditaccount house WHERE house.kind = 'revenue'
)
UPDATE accounts_creditaccount
SET held = held - hold.amount, posted = posted - %(amount)s
FROM hold
-- Counted in here, the windows are locked before the account and in their order, as by a hold.
WHERE accounts_creditaccount.id = hold.account_id AND (SELECT count(*) FROM counted) >= 0
RETURNING hold.id
"""

RELEASE = """
WITH hold AS (
    UPDATE accounts_hold SET state = 'released', resolved_at = now()
    WHERE id = %(hold)s AND state = 'pending'
    RETURNING id, account_id, amount, windows
),
locked AS (
    SELECT w.id FROM accounts_budgetwindow w, hold WHERE w.id = ANY(hold.windows)
    ORDER BY w.id FOR NO KEY UPDATE OF w
),
counted AS (
    UPDATE accounts_budgetwindow w SET held = w.held - hold.amount
    FROM hold, locked WHERE w.id = locked.id
    RETURNING w.id
)
UPDATE accounts_creditaccount SET held = held - hold.amount
FROM hold
WHERE accounts_creditaccount.id = hold.account_id AND (SELECT count(*) FROM counted) >= 0
RETURNING hold.id
"""

# Whoever read the limits before this is refused; who holds already is waited for.
LIMIT_MADE = """
UPDATE accounts_creditaccount SET limits_made = limits_made + 1 WHERE team_id = %(team)s
"""

# Who moves holds: a statement takes this lock before its snapshot and has it until its transaction
# ends. It is looked at, not asked for: LOCK TABLE would keep everyone from holding meanwhile, and
# wait for a vacuum of the table.
HOLDS_MOVED_BY = """
SELECT virtualtransaction FROM pg_locks
WHERE relation = 'accounts_hold'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid <> pg_backend_pid()
"""

# A limit that is made counts what its period has seen: these holds settle in its window from then.
COUNT_IN = """
WITH locked AS (
    SELECT id FROM accounts_hold WHERE id = ANY(%(holds)s) ORDER BY id FOR NO KEY UPDATE
),
taken AS (
    UPDATE accounts_hold h SET windows = h.windows || %(window)s::bigint
    FROM locked WHERE h.id = locked.id AND %(window)s <> ALL (h.windows)
    RETURNING h.amount, h.captured, h.overrun, h.refunded, h.state
),
sums AS (
    SELECT sum(captured + overrun - refunded) AS used,
           coalesce(sum(amount) FILTER (WHERE state = 'pending'), 0) AS held
    FROM taken
)
UPDATE accounts_budgetwindow w SET used = w.used + sums.used, held = w.held + sums.held
FROM sums WHERE w.id = %(window)s AND sums.used IS NOT NULL
"""

# The team pays above its hold as far as it can; the house pays the rest. The locks come first, so
# that what can be paid is read from the row as it is when nobody else may change it. One of the two
# entries always has the first key: two at once cannot both be booked, whatever each found to cover.
OVERRUN = """
WITH hold AS (
    SELECT id, account_id, created_at, windows FROM accounts_hold WHERE id = %(hold)s
    FOR NO KEY UPDATE
),
locked AS (
    SELECT w.id FROM accounts_budgetwindow w, hold WHERE w.id = ANY(hold.windows)
    ORDER BY w.id FOR NO KEY UPDATE OF w
),
account AS (
    SELECT a.id, LEAST(%(amount)s, GREATEST(a.posted - a.held + a.overdraft, 0)) AS covered
    FROM accounts_creditaccount a JOIN hold ON a.id = hold.account_id
    WHERE (SELECT count(*) FROM locked) >= 0
    FOR NO KEY UPDATE OF a
),
counted AS (
    UPDATE accounts_budgetwindow w SET used = w.used + account.covered
    FROM account, locked WHERE w.id = locked.id
),
noted AS (
    UPDATE accounts_hold h SET overrun = h.overrun + account.covered
    FROM account WHERE h.id = %(hold)s
),
paid AS (
    INSERT INTO accounts_ledgerentry
        (debit_id, credit_id, amount, kind, key, hold_id, reason, effective_at)
    SELECT account.id, house.id, account.covered, 'overrun', %(key)s, hold.id, %(reason)s,
           hold.created_at
    FROM account, hold, accounts_creditaccount house
    WHERE house.kind = 'revenue' AND account.covered > 0
),
rest AS (
    INSERT INTO accounts_ledgerentry (debit_id, credit_id, amount, kind, key, hold_id, reason)
    SELECT loss.id, house.id, %(amount)s - account.covered, 'house',
           CASE WHEN account.covered > 0 THEN %(rest_key)s ELSE %(key)s END, hold.id, %(reason)s
    FROM account, hold, accounts_creditaccount loss, accounts_creditaccount house
    WHERE loss.kind = 'overrun' AND house.kind = 'revenue' AND account.covered < %(amount)s
)
UPDATE accounts_creditaccount SET posted = posted - account.covered
FROM account WHERE accounts_creditaccount.id = account.id
"""

HOUSE = """
INSERT INTO accounts_ledgerentry (debit_id, credit_id, amount, kind, key, hold_id, reason)
SELECT loss.id, revenue.id, %(amount)s, 'house', %(key)s, %(hold)s, %(reason)s
FROM accounts_creditaccount loss, accounts_creditaccount revenue
WHERE loss.kind = 'overrun' AND revenue.kind = 'revenue'
ON CONFLICT (key) DO NOTHING
"""

# How much of a charge went back is a counter on the hold: a sum of refunds would be read in the
# statement's snapshot, before the lock is granted.
REFUND = f"""
WITH hold AS (
    UPDATE accounts_hold SET refunded = refunded + %(amount)s
    WHERE id = %(hold)s AND state = 'captured' AND refunded + %(amount)s <= captured + overrun
    RETURNING id, account_id, windows
),
locked AS (
    SELECT w.id FROM accounts_budgetwindow w, hold WHERE w.id = ANY(hold.windows)
    ORDER BY w.id FOR NO KEY UPDATE OF w
),
counted AS (
    UPDATE accounts_budgetwindow w SET used = w.used - %(amount)s
    FROM hold, locked WHERE w.id = locked.id
    RETURNING w.id
),
entry AS (
    INSERT INTO accounts_ledgerentry
        (debit_id, credit_id, amount, kind, key, hold_id, actor_id, approver_id, reason)
    SELECT house.id, hold.account_id, %(amount)s, 'refund', %(key)s, hold.id, %(actor)s,
           %(approver)s, %(reason)s
    FROM hold, accounts_creditaccount house WHERE house.kind = 'revenue'
    RETURNING id, credit_id
),
lots AS ({MAKE_LOTS})
UPDATE accounts_creditaccount SET posted = posted + %(amount)s
FROM hold
WHERE accounts_creditaccount.id = hold.account_id AND (SELECT count(*) FROM counted) >= 0
"""  # noqa: S608  # our own words
