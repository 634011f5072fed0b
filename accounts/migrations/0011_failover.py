from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_books")]

    operations = [
        migrations.AddField(
            model_name="team",
            name="allow_failover",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
