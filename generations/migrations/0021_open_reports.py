from django.db import migrations, models

# Of reports that came through links at the same moment the first stands, as of any others.
KEEP_THE_FIRST = """
DELETE FROM generations_report AS again USING generations_report AS first
 WHERE again.image_id = first.image_id AND again.id > first.id
   AND again.reporter_id IS NOT DISTINCT FROM first.reporter_id
   AND again.decision_id IS NULL AND first.decision_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0020_bill_lines"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="report",
            name="report_once_per_person",
        ),
        migrations.RunSQL(KEEP_THE_FIRST, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decision__isnull", True)),
                fields=("image", "reporter"),
                name="report_open_once_per_person",
                nulls_distinct=False,
            ),
        ),
    ]
