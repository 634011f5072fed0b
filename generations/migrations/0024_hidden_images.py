from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0023_workers"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                condition=models.Q(("hidden_at__isnull", False), ("status", "stored")),
                fields=["team", "-id"],
                name="image_hidden",
            ),
        ),
    ]
