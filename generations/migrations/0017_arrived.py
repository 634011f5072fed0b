from django.db import migrations, models

# Rows of images that were deleted for good are still there at this point.
COUNT = """
UPDATE generations_generationrequest request SET arrived = counted.images
FROM (SELECT request_id, count(*) AS images FROM generations_image
      WHERE status IN ('stored', 'purged') GROUP BY request_id) counted
WHERE counted.request_id = request.id AND request.status = 'succeeded'
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0016_lineage")]

    operations = [
        migrations.AddField(
            model_name="generationrequest",
            name="arrived",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(COUNT, reverse_sql=migrations.RunSQL.noop),
    ]
