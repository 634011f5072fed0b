from django.db import migrations

TABLES = ("lot", "lotallocation")

CREATE = "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON accounts_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON accounts_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""
    for table in TABLES
)

DROP = "".join(
    f"""
DROP TRIGGER {table}_no_truncate ON accounts_{table};
DROP TRIGGER {table}_append_only ON accounts_{table};
"""
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_bring_up_entries")]
    operations = [migrations.RunSQL(CREATE, DROP)]
