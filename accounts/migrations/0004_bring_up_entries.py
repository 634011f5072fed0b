from django.db import migrations

# What was booked before there were lots, as the ledger says it now: consumption as of its hold, the
# house's payments under their own kind, and a lot for all that was granted.
BRING_UP = """
ALTER TABLE accounts_ledgerentry DISABLE TRIGGER ledgerentry_append_only;
-- Each row once: changed twice in a transaction its foreign keys wait to be checked, and the table
-- cannot be altered until they are.
UPDATE accounts_ledgerentry e SET
    effective_at = coalesce(
        (SELECT h.created_at FROM accounts_hold h WHERE h.id = e.hold_id AND e.kind = 'capture'),
        e.created_at
    ),
    kind = CASE
        WHEN e.kind = 'overrun' AND e.debit_id IN (
            SELECT id FROM accounts_creditaccount WHERE kind = 'overrun'
        ) THEN 'house'
        ELSE e.kind
    END
WHERE NOT EXISTS (SELECT FROM accounts_lot l WHERE l.entry_id = e.id);
ALTER TABLE accounts_ledgerentry ENABLE TRIGGER ledgerentry_append_only;
INSERT INTO accounts_lot (account_id, entry_id, kind, amount, priority, effective_at)
SELECT e.credit_id, e.id, 'granted', e.amount, 30, e.created_at
FROM accounts_ledgerentry e
WHERE e.kind = 'grant' AND NOT EXISTS (SELECT FROM accounts_lot l WHERE l.entry_id = e.id);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_credits_in_full")]
    operations = [migrations.RunSQL(BRING_UP, migrations.RunSQL.noop)]
