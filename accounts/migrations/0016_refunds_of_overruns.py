from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_plans_take_two"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="hold", name="hold_refunded_within_captured"),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refunded__gte", 0),
                    ("refunded__lte", models.F("captured") + models.F("overrun")),
                ),
                name="hold_refunded_within_charged",
            ),
        ),
    ]
