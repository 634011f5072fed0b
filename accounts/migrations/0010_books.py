from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_approvals")]

    operations = [
        migrations.AddField(
            model_name="bookscheck",
            name="found",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
    ]
