"""Overruns are counted beside their holds and in the limits that these were admitted by."""

from django.db import migrations, models
from django.db.models import Q

COUNT_OVERRUNS = """
UPDATE accounts_hold h SET overrun = e.total
FROM (SELECT hold_id, sum(amount) total FROM accounts_ledgerentry
      WHERE kind = 'overrun' GROUP BY 1) e
WHERE e.hold_id = h.id
"""
COUNT_IN_WINDOWS = """
UPDATE accounts_budgetwindow w SET used = w.used + h.total
FROM (SELECT id, sum(overrun) total
      FROM (SELECT unnest(windows) id, overrun FROM accounts_hold WHERE overrun > 0) one
      GROUP BY 1) h
WHERE h.id = w.id
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_keyboard")]

    operations = [
        migrations.AddField(
            model_name="creditaccount",
            name="limits_made",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="hold",
            name="overrun",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=Q(overrun__gte=0), name="hold_overrun_not_negative"
            ),
        ),
        migrations.RunSQL(COUNT_OVERRUNS, migrations.RunSQL.noop),
        migrations.RunSQL(COUNT_IN_WINDOWS, migrations.RunSQL.noop),
    ]
