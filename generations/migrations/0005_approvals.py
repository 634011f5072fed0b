import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import config.ids

# What was decided about money stays as it was said.
CREATE = """
CREATE TRIGGER approval_append_only BEFORE UPDATE OR DELETE ON generations_approval
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER approval_no_truncate BEFORE TRUNCATE ON generations_approval
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""

DROP = """
DROP TRIGGER approval_no_truncate ON generations_approval;
DROP TRIGGER approval_append_only ON generations_approval;
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0004_price_book")]

    operations = [
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=config.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[("approved", "Approved"), ("declined", "Declined")], max_length=8
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="generationrequest",
            name="request_status_known",
        ),
        migrations.AddField(
            model_name="generationrequest",
            name="waited",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="generationrequest",
            name="status",
            field=models.CharField(
                choices=[
                    ("awaiting", "Waits for approval"),
                    ("queued", "Queued"),
                    ("sending", "Sending"),
                    ("submitted", "Submitted"),
                    ("answered", "Answered"),
                    ("unconfirmed", "Unconfirmed"),
                    ("succeeded", "Succeeded"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="queued",
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="generationrequest",
            index=models.Index(
                condition=models.Q(("waited", True)),
                fields=["team", "finished_at"],
                name="request_waited",
            ),
        ),
        migrations.AddConstraint(
            model_name="generationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "awaiting",
                            "queued",
                            "sending",
                            "submitted",
                            "answered",
                            "unconfirmed",
                            "succeeded",
                            "failed",
                            "cancelled",
                        ],
                    )
                ),
                name="request_status_known",
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="request",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="approval",
                to="generations.generationrequest",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verdict", "approved"), models.Q(("words", ""), _negated=True), _connector="OR"
                ),
                name="approval_declines_with_words",
            ),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
