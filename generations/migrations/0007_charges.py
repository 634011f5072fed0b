import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

TABLES = ("providercharge", "statementexport")

APPEND_ONLY = "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON generations_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON generations_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""
    for table in TABLES
)

CHANGEABLE = "".join(
    f"""
DROP TRIGGER {table}_no_truncate ON generations_{table};
DROP TRIGGER {table}_append_only ON generations_{table};
"""
    for table in TABLES
)

# What attempts knew of their cost, and what the provider's bill was found to say of them.
BRING_UP = """
INSERT INTO generations_providercharge
    (attempt_id, provider, inference_id, seen_via, nano_usd, native_amount, native_unit,
     occurred_at)
SELECT a.id, r.provider, a.inference_id, coalesce(nullif(a.cost_source, ''), 'computed'),
       a.cost_nano_usd, a.cost_native, a.cost_unit, coalesce(a.answered_at, a.sent_at)
FROM generations_attempt a JOIN generations_generationrequest r ON r.id = a.request_id
WHERE a.cost_nano_usd IS NOT NULL
ON CONFLICT DO NOTHING;
INSERT INTO generations_providercharge
    (attempt_id, provider, inference_id, seen_via, nano_usd, native_unit, occurred_at)
SELECT attempt_id, provider, inference_id, 'log', theirs_nano_usd, '', charged_at
FROM generations_finding
WHERE attempt_id IS NOT NULL AND kind <> 'ours_only'
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0006_tokens"),
        ("accounts", "0010_books"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ProviderCharge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=20)),
                ("inference_id", models.CharField(blank=True, max_length=120)),
                ("seen_via", models.CharField(choices=[("estimated", "Estimated before it was sent"), ("computed", "Computed from our price"), ("header", "Stated in a header of the answer"), ("body", "Stated in the answer"), ("log", "In the provider's log"), ("transaction", "In the provider's list of charges")], max_length=12)),
                ("nano_usd", models.BigIntegerField()),
                ("native_amount", models.BigIntegerField(blank=True, null=True)),
                ("native_unit", models.CharField(blank=True, max_length=20)),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("attempt", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="charges", to="generations.attempt")),
            ],
            options={
                "ordering": ["attempt", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("attempt", "seen_via", "inference_id"), name="charge_once_a_source"),
                    models.CheckConstraint(condition=models.Q(("nano_usd__gte", 0)), name="charge_not_negative"),
                    models.CheckConstraint(condition=models.Q(("seen_via__in", ["estimated", "computed", "header", "body", "log", "transaction"])), name="charge_source_known"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("digest", models.CharField(max_length=64)),
                ("figures_digest", models.CharField(max_length=64)),
                ("rows", models.PositiveIntegerField()),
                ("last_entry", models.BigIntegerField(blank=True, null=True)),
                ("is_final", models.BooleanField()),
                ("given_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("given_to", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("team", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="statement_exports", to="accounts.team")),
            ],
            options={
                "ordering": ["team", "month", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("team", "month", "digest", "is_final"), name="export_once_a_file"),
                    models.CheckConstraint(condition=models.Q(models.Q(("last_entry__isnull", True), ("rows", 0)), models.Q(("last_entry__isnull", False), ("rows__gt", 0)), _connector="OR"), name="export_ends_with_an_entry"),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, CHANGEABLE),
        migrations.RunSQL(BRING_UP, migrations.RunSQL.noop),
    ]
