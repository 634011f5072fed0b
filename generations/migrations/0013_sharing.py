import config.ids
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_books'),
        ('generations', '0012_search'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Download',
            fields=[
                ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('content_type', models.CharField(max_length=20)),
                ('digest', models.CharField(db_index=True, max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ShareLink',
            fields=[
                ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('secret_hash', models.CharField(editable=False, max_length=64, unique=True)),
                ('password', models.CharField(blank=True, editable=False, max_length=128)),
                ('shows_prompt', models.BooleanField(default=False)),
                ('keeps_metadata', models.BooleanField(default=False)),
                ('max_views', models.PositiveIntegerField(blank=True, null=True)),
                ('views', models.PositiveIntegerField(default=0)),
                ('tries', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('tries_since', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AlterField(
            model_name='report',
            name='reporter',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='image',
            index=models.Index(condition=models.Q(('status', 'stored')), fields=['digest'], name='image_by_digest'),
        ),
        migrations.AddField(
            model_name='download',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='download',
            name='image',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='downloads', to='generations.image'),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='collection',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='share_links', to='generations.collection'),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='image',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='share_links', to='generations.image'),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='share_links', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='share_links', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='download',
            name='link',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='downloads', to='generations.sharelink'),
        ),
        migrations.AddField(
            model_name='report',
            name='link',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='reports', to='generations.sharelink'),
        ),
        migrations.AddIndex(
            model_name='sharelink',
            index=models.Index(fields=['team', 'made_by', '-id'], name='share_link_of_maker'),
        ),
        migrations.AddConstraint(
            model_name='sharelink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('collection__isnull', True), ('image__isnull', False)), models.Q(('collection__isnull', False), ('image__isnull', True)), _connector='OR'), name='share_link_shows_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='sharelink',
            constraint=models.CheckConstraint(condition=models.Q(('max_views__isnull', True), ('views__lte', models.F('max_views')), _connector='OR'), name='share_link_within_its_views'),
        ),
    ]
