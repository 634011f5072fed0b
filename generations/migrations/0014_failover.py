from django.db import migrations, models

# Code from before the column goes on writing attempts during an upgrade. Those that were written
# before that get theirs in 0018, which takes long where there are many.
CREATE = """
CREATE FUNCTION generations_name_the_provider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT provider INTO NEW.provider
    FROM generations_generationrequest WHERE id = NEW.request_id;
    RETURN NEW;
END $$;
CREATE TRIGGER attempt_names_its_provider BEFORE INSERT ON generations_attempt
    FOR EACH ROW WHEN (NEW.provider = '')
    EXECUTE FUNCTION generations_name_the_provider();
"""

DROP = """
DROP TRIGGER attempt_names_its_provider ON generations_attempt;
DROP FUNCTION generations_name_the_provider();
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0013_sharing")]

    operations = [
        migrations.AddField(
            model_name="generationrequest",
            name="alternative",
            field=models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
        migrations.AddField(
            model_name="generationrequest",
            name="moved_from",
            field=models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
        migrations.AddField(
            model_name="generationrequest",
            name="would_have_cost",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="provider",
            field=models.CharField(blank=True, db_default="", max_length=20),
        ),
        migrations.AddIndex(
            model_name="generationrequest",
            index=models.Index(
                condition=models.Q(("status__in", ["sending", "submitted"])),
                fields=["team"],
                name="request_in_flight",
            ),
        ),
        migrations.AddIndex(
            model_name="generationrequest",
            index=models.Index(
                condition=models.Q(
                    ("status", "queued"), models.Q(("alternative", ""), _negated=True)
                ),
                fields=["due_at"],
                name="request_may_move",
            ),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
