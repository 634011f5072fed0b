import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import config.ids


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_role_limits")]

    operations = [
        migrations.CreateModel(
            name="CreditRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=config.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("credits", "Team credits"), ("limit", "Own limit")], max_length=8
                    ),
                ),
                ("amount", models.BigIntegerField()),
                ("words", models.CharField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("granted", "Granted"),
                            ("declined", "Declined"),
                            ("withdrawn", "Taken back"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("granted", models.BigIntegerField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "request for credits",
                "verbose_name_plural": "requests for credits",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="team",
            name="approval_above",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approval_above__isnull", True), ("approval_above__gte", 0), _connector="OR"
                ),
                name="team_approval_above_not_negative",
            ),
        ),
        migrations.AddField(
            model_name="creditrequest",
            name="budget",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.budget",
            ),
        ),
        migrations.AddField(
            model_name="creditrequest",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credit_requests",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="creditrequest",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="creditrequest",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credit_requests",
                to="accounts.team",
            ),
        ),
        migrations.AddIndex(
            model_name="creditrequest",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["kind", "created_at"],
                name="ask_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("team", "by", "kind"),
                name="ask_one_open_of_a_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="ask_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("budget__isnull", True), ("kind", "credits")),
                    models.Q(("budget__isnull", False), ("kind", "limit")),
                    _connector="OR",
                ),
                name="ask_names_its_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("granted__gt", 0), ("granted__isnull", False), ("state", "granted")),
                    models.Q(
                        models.Q(("state", "granted"), _negated=True), ("granted__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="ask_granted_with_its_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True),
                        ("decided_by__isnull", True),
                        ("state", "open"),
                    ),
                    models.Q(
                        models.Q(("state", "open"), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="ask_decided_by_somebody",
            ),
        ),
    ]
