import config.ids
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


ENDS_ARE_FINAL = """
CREATE FUNCTION accounts_refuse_another_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'change % is % and stays so', OLD.id, OLD.state
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER creditchange_ends_are_final BEFORE UPDATE ON accounts_creditchange
    FOR EACH ROW WHEN (OLD.state <> 'waiting')
    EXECUTE FUNCTION accounts_refuse_another_end();
CREATE TRIGGER creditchange_no_delete BEFORE DELETE ON accounts_creditchange
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER creditchange_no_truncate BEFORE TRUNCATE ON accounts_creditchange
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""

DROP = """
DROP TRIGGER creditchange_no_truncate ON accounts_creditchange;
DROP TRIGGER creditchange_no_delete ON accounts_creditchange;
DROP TRIGGER creditchange_ends_are_final ON accounts_creditchange;
DROP FUNCTION accounts_refuse_another_end();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_overruns_and_limits"),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditChange",
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
                        choices=[
                            ("adjust", "Correction"),
                            ("overdraft", "Overdraft"),
                            ("grant", "Grant"),
                            ("promotion", "Promotion"),
                            ("refund", "Refund"),
                        ],
                        max_length=10,
                    ),
                ),
                ("amount", models.BigIntegerField()),
                ("reason", models.CharField(max_length=300)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("words", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("declined", "Declined"),
                            ("withdrawn", "Taken back"),
                        ],
                        db_default="waiting",
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("posted_before", models.BigIntegerField(blank=True, null=True)),
                ("held_before", models.BigIntegerField(blank=True, null=True)),
                ("overdraft_before", models.BigIntegerField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "change to credits",
                "verbose_name_plural": "changes to credits",
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="creditaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("overdraft__gte", 0)), name="account_overdraft_not_negative"
            ),
        ),
        migrations.AddField(
            model_name="creditchange",
            name="ask",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="accounts.creditrequest",
            ),
        ),
        migrations.AddField(
            model_name="creditchange",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="creditchange",
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
            model_name="creditchange",
            name="entry",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="change",
                to="accounts.ledgerentry",
            ),
        ),
        migrations.AddField(
            model_name="creditchange",
            name="hold",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="accounts.hold",
            ),
        ),
        migrations.AddField(
            model_name="creditchange",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credit_changes",
                to="accounts.team",
            ),
        ),
        migrations.AddIndex(
            model_name="creditchange",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["created_at"],
                name="change_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("kind__in", ("grant", "promotion", "refund"))),
                    models.Q(("amount__gte", 0), ("kind", "overdraft")),
                    models.Q(("kind", "adjust"), models.Q(("amount", 0), _negated=True)),
                    _connector="OR",
                ),
                name="change_amount_fits_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ask__isnull", False), ("kind", "grant")),
                    models.Q(models.Q(("kind", "grant"), _negated=True), ("ask__isnull", True)),
                    _connector="OR",
                ),
                name="change_grant_names_its_ask",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("hold__isnull", False), ("kind", "refund")),
                    models.Q(models.Q(("kind", "refund"), _negated=True), ("hold__isnull", True)),
                    _connector="OR",
                ),
                name="change_refund_names_its_hold",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "withdrawn"),
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("by")), _negated=True),
                    _connector="OR",
                ),
                name="change_decided_by_somebody_else",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("state", "waiting")),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True), ("decided_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="change_decided_with_its_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("held_before__isnull", False),
                        ("overdraft_before__isnull", False),
                        ("posted_before__isnull", False),
                        ("state", "done"),
                    ),
                    models.Q(
                        models.Q(("state", "done"), _negated=True),
                        ("entry__isnull", True),
                        ("posted_before__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="change_done_says_what_was_before",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(("entry__isnull", True), ("kind", "overdraft")),
                    models.Q(
                        models.Q(("kind", "overdraft"), _negated=True), ("entry__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="change_done_has_its_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("ask",),
                name="change_one_waiting_an_ask",
            ),
        ),
        migrations.RunSQL(ENDS_ARE_FINAL, DROP),
    ]
