import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

TABLES = ("priceversion", "markup")

CREATE = "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON generations_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON generations_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""
    for table in TABLES
)

DROP = "".join(
    f"""
DROP TRIGGER {table}_no_truncate ON generations_{table};
DROP TRIGGER {table}_append_only ON generations_{table};
"""
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0003_usage_and_reconciliation"),
        ("accounts", "0010_books"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PriceReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('models_read', models.PositiveIntegerField(default=0)),
                ('differing', models.PositiveIntegerField(default=0)),
                ('unread', models.JSONField(blank=True, default=dict)),
                ('error', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='generationrequest',
            name='credits_per_usd',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='Markup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(blank=True, max_length=80)),
                ('basis_points', models.PositiveIntegerField(default=0)),
                ('per_image', models.PositiveBigIntegerField(default=0)),
                ('ended', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='markups', to='accounts.team')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='generationrequest',
            name='markup',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.markup'),
        ),
        migrations.CreateModel(
            name='PriceVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20)),
                ('model', models.CharField(max_length=80)),
                ('nano_usd', models.BigIntegerField()),
                ('further_nano_usd', models.BigIntegerField()),
                ('unit', models.CharField(choices=[('image', 'per image'), ('megapixel', 'per megapixel')], max_length=10)),
                ('counts_inputs', models.BooleanField(default=False)),
                ('withdrawn', models.BooleanField(default=False)),
                ('source', models.CharField(max_length=200)),
                ('rule', models.CharField(max_length=200)),
                ('origin', models.CharField(choices=[('catalog', 'Delivered with Darkroom'), ('provider', 'Read at the provider'), ('person', 'Entered by hand')], max_length=10)),
                ('effective_from', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('accepted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['provider', 'model', '-effective_from'],
            },
        ),
        migrations.CreateModel(
            name='PriceProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20)),
                ('model', models.CharField(max_length=80)),
                ('nano_usd', models.BigIntegerField()),
                ('further_nano_usd', models.BigIntegerField()),
                ('unit', models.CharField(choices=[('image', 'per image'), ('megapixel', 'per megapixel')], max_length=10)),
                ('counts_inputs', models.BooleanField(default=False)),
                ('withdrawn', models.BooleanField(default=False)),
                ('source', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('pending', 'Waiting'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('overtaken', 'Overtaken')], default='pending', max_length=10)),
                ('found_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('current', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.priceversion')),
                ('version', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposal', to='generations.priceversion')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='generationrequest',
            name='price_version',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.priceversion'),
        ),
        migrations.AddIndex(
            model_name='markup',
            index=models.Index(fields=['team', 'model', '-id'], name='markup_newest'),
        ),
        migrations.AddConstraint(
            model_name='markup',
            constraint=models.CheckConstraint(condition=models.Q(('basis_points__lte', 100000)), name='markup_within_reason'),
        ),
        migrations.AddConstraint(
            model_name='markup',
            constraint=models.CheckConstraint(condition=models.Q(('ended', False), models.Q(('basis_points', 0), ('per_image', 0)), _connector='OR'), name='markup_ended_adds_nothing'),
        ),
        migrations.AddConstraint(
            model_name='priceversion',
            constraint=models.UniqueConstraint(fields=('provider', 'model', 'effective_from'), name='price_version_once'),
        ),
        migrations.AddConstraint(
            model_name='priceversion',
            constraint=models.CheckConstraint(condition=models.Q(('further_nano_usd__gt', 0), ('nano_usd__gt', 0)), name='price_version_amounts_positive'),
        ),
        migrations.AddConstraint(
            model_name='priceproposal',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('provider', 'model'), name='proposal_one_pending_a_model'),
        ),
        migrations.AddConstraint(
            model_name='priceproposal',
            constraint=models.CheckConstraint(condition=models.Q(('further_nano_usd__gt', 0), ('nano_usd__gt', 0)), name='proposal_amounts_positive'),
        ),
        migrations.AddConstraint(
            model_name='priceproposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'pending')), models.Q(models.Q(('state', 'pending'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='proposal_decided_with_its_state'),
        ),
        migrations.AddConstraint(
            model_name='priceproposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'accepted'), ('version__isnull', False)), models.Q(models.Q(('state', 'accepted'), _negated=True), ('version__isnull', True)), _connector='OR'), name='proposal_accepted_with_its_version'),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
