from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0019_comparison_retries"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="finding",
            name="finding_once_a_charge",
        ),
        migrations.RemoveConstraint(
            model_name="providercharge",
            name="charge_once_a_source",
        ),
        migrations.RemoveConstraint(
            model_name="providercharge",
            name="charge_not_negative",
        ),
        migrations.AddField(
            model_name="finding",
            name="further",
            field=models.CharField(blank=True, db_default="", default="", max_length=50),
        ),
        migrations.AddField(
            model_name="providercharge",
            name="further",
            field=models.CharField(blank=True, db_default="", default="", max_length=50),
        ),
        migrations.AddField(
            model_name="reconciliation",
            name="key_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="statementexport",
            name="moved",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="finding",
            name="kind",
            field=models.CharField(
                choices=[
                    ("drift", "Another amount"),
                    ("ours_only", "Only in our books"),
                    ("theirs_only", "Only in the provider's books"),
                    ("doubled", "Charged twice"),
                    ("day", "Small differences of a day"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(("inference_id", ""), _negated=True),
                fields=["inference_id"],
                name="attempt_by_inference",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "ours_only"), _negated=True),
                fields=("provider", "inference_id", "kind", "further"),
                name="finding_once_a_charge",
            ),
        ),
        migrations.AddConstraint(
            model_name="providercharge",
            constraint=models.UniqueConstraint(
                fields=("attempt", "seen_via", "inference_id", "further"),
                name="charge_once_a_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="providercharge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("nano_usd__gte", 0), models.Q(("further", ""), _negated=True), _connector="OR"
                ),
                name="charge_not_negative",
            ),
        ),
    ]
