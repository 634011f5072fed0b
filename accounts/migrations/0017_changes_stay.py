"""A change to credits stays as it was said also while it waits: only how it ends may be added."""

from django.db import migrations

STAYS = """
DROP TRIGGER creditchange_ends_are_final ON accounts_creditchange;
CREATE OR REPLACE FUNCTION accounts_refuse_another_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'waiting'
       OR (OLD.id, OLD.team_id, OLD.kind, OLD.amount, OLD.reason, OLD.expires_at, OLD.ask_id,
           OLD.words, OLD.hold_id, OLD.by_id, OLD.created_at)
          IS DISTINCT FROM
          (NEW.id, NEW.team_id, NEW.kind, NEW.amount, NEW.reason, NEW.expires_at, NEW.ask_id,
           NEW.words, NEW.hold_id, NEW.by_id, NEW.created_at) THEN
        RAISE EXCEPTION 'change % is % and stays so', OLD.id, OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER creditchange_ends_are_final BEFORE UPDATE ON accounts_creditchange
    FOR EACH ROW EXECUTE FUNCTION accounts_refuse_another_end();
"""

ENDED_ALONE = """
DROP TRIGGER creditchange_ends_are_final ON accounts_creditchange;
CREATE OR REPLACE FUNCTION accounts_refuse_another_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'change % is % and stays so', OLD.id, OLD.state
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER creditchange_ends_are_final BEFORE UPDATE ON accounts_creditchange
    FOR EACH ROW WHEN (OLD.state <> 'waiting')
    EXECUTE FUNCTION accounts_refuse_another_end();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_refunds_of_overruns"),
    ]

    operations = [migrations.RunSQL(STAYS, ENDED_ALONE)]
