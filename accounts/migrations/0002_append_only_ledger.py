from django.db import migrations

CREATE = """
CREATE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledgerentry_append_only BEFORE UPDATE OR DELETE ON accounts_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER ledgerentry_no_truncate BEFORE TRUNCATE ON accounts_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""

DROP = """
DROP TRIGGER ledgerentry_no_truncate ON accounts_ledgerentry;
DROP TRIGGER ledgerentry_append_only ON accounts_ledgerentry;
DROP FUNCTION accounts_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
