from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0018_providers_of_attempts")]

    operations = [
        migrations.AddField(
            model_name="comparisoncell",
            name="replaced_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterModelOptions(
            name="comparisoncell", options={"ordering": ["position", "id"]}
        ),
        migrations.RemoveConstraint(
            model_name="comparisoncell", name="comparison_cell_one_a_place"
        ),
        migrations.AddConstraint(
            model_name="comparisoncell",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced_at__isnull", True)),
                fields=("comparison", "position"),
                name="comparison_cell_one_a_place",
            ),
        ),
    ]
