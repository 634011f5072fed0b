import config.ids
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_books'),
        ('generations', '0010_pressure'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Collection',
            fields=[
                ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('visibility', models.CharField(choices=[('team', 'Team'), ('private', 'Only me')], default='team', max_length=8)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='CollectionItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField()),
                ('added_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='Favourite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveIndex(
            model_name='image',
            name='image_of_team',
        ),
        migrations.RemoveIndex(
            model_name='image',
            name='image_of_author',
        ),
        migrations.AddField(
            model_name='image',
            name='trashed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='image',
            name='trashed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='image',
            name='purged_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='image',
            name='status',
            field=models.CharField(choices=[('pending', 'To be stored'), ('stored', 'Stored'), ('blocked', 'Blocked by the safety filter'), ('lost', 'Gone at the provider'), ('purged', 'Deleted for good')], default='pending', max_length=8),
        ),
        migrations.AddIndex(
            model_name='image',
            index=models.Index(condition=models.Q(('status', 'stored'), ('trashed_at__isnull', True)), fields=['team', '-id'], name='image_of_team'),
        ),
        migrations.AddIndex(
            model_name='image',
            index=models.Index(condition=models.Q(('status', 'stored'), ('trashed_at__isnull', True)), fields=['team', 'author', '-id'], name='image_of_author'),
        ),
        migrations.AddIndex(
            model_name='image',
            index=models.Index(condition=models.Q(('status', 'stored'), ('trashed_at__isnull', False)), fields=['team', '-trashed_at', '-id'], name='image_in_trash'),
        ),
        migrations.AddIndex(
            model_name='image',
            index=models.Index(condition=models.Q(('status', 'stored'), ('trashed_at__isnull', False)), fields=['trashed_at'], name='image_runs_out'),
        ),
        migrations.AddIndex(
            model_name='image',
            index=models.Index(condition=models.Q(('status', 'purged'), models.Q(('folder', ''), _negated=True)), fields=['purged_at'], name='image_has_objects_left'),
        ),
        migrations.AddField(
            model_name='collection',
            name='cover',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generations.image'),
        ),
        migrations.AddField(
            model_name='collection',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='collections', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='collection',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='collections', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='collectionitem',
            name='added_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='collectionitem',
            name='collection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='generations.collection'),
        ),
        migrations.AddField(
            model_name='collectionitem',
            name='image',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='collection_items', to='generations.image'),
        ),
        migrations.AddField(
            model_name='favourite',
            name='image',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='favourites', to='generations.image'),
        ),
        migrations.AddField(
            model_name='favourite',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='favourites', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='collection',
            index=models.Index(fields=['team', 'name', 'id'], name='collection_of_team'),
        ),
        migrations.AddConstraint(
            model_name='collection',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='collection_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='collectionitem',
            constraint=models.UniqueConstraint(fields=('collection', 'image'), name='item_once_a_collection'),
        ),
        migrations.AddConstraint(
            model_name='collectionitem',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('collection', 'position'), name='item_one_a_place'),
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('purged_at__isnull', False), ('status', 'purged')), models.Q(models.Q(('status', 'purged'), _negated=True), ('purged_at__isnull', True)), _connector='OR'), name='image_purged_says_when'),
        ),
        migrations.AddConstraint(
            model_name='favourite',
            constraint=models.UniqueConstraint(fields=('user', 'image'), name='favourite_once_per_person'),
        ),
    ]
