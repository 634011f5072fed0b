import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0015_comparisons")]

    operations = [
        migrations.AddField(
            model_name="generationrequest",
            name="made_from",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="made_into",
                to="generations.image",
            ),
        ),
        migrations.AddIndex(
            model_name="generationrequest",
            index=models.Index(
                condition=models.Q(("made_from__isnull", False)),
                fields=["made_from", "-id"],
                name="request_made_from",
            ),
        ),
    ]
