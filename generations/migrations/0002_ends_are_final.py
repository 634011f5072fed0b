from django.db import migrations

CREATE = """
CREATE FUNCTION generations_refuse_leaving_an_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'request % is % and cannot become %', OLD.id, OLD.status, NEW.status
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER request_ends_are_final BEFORE UPDATE ON generations_generationrequest
    FOR EACH ROW
    WHEN (OLD.status IN ('succeeded', 'failed', 'cancelled') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION generations_refuse_leaving_an_end();
"""

DROP = """
DROP TRIGGER request_ends_are_final ON generations_generationrequest;
DROP FUNCTION generations_refuse_leaving_an_end();
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
