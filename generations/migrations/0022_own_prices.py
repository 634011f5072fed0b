from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0021_open_reports"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="markup", name="markup_within_reason"),
        migrations.AlterField(
            model_name="markup",
            name="basis_points",
            field=models.IntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name="markup",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis_points__gte", -10000), ("basis_points__lte", 100000)),
                name="markup_within_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="markup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("basis_points__gt", -10000), ("per_image__gt", 0), _connector="OR"
                ),
                name="markup_leaves_a_price",
            ),
        ),
    ]
