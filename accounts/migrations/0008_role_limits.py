import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_tokens'),
    ]

    operations = [
        migrations.CreateModel(
            name='RoleLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('member', 'Member'), ('viewer', 'Viewer')], max_length=10)),
                ('most_open', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('most_megapixels', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True)),
                ('most_images', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('set_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('set_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='role_limits', to='accounts.team')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('team', 'role'), name='role_limit_once_a_role'),
                    models.CheckConstraint(condition=Q(('role__in', ['owner', 'admin', 'member', 'viewer'])), name='role_limit_role_is_known'),
                    models.CheckConstraint(condition=Q(Q(('most_open', None), ('most_open__gte', 1), _connector='OR'), Q(('most_megapixels', None), ('most_megapixels__gt', 0), _connector='OR'), Q(('most_images', None), ('most_images__gte', 1), _connector='OR')), name='role_limit_leaves_something'),
                ],
            },
        ),
        migrations.AddField(
            model_name='budget',
            name='token',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='budgets', to='accounts.apitoken'),
        ),
        migrations.RemoveConstraint(
            model_name='budget',
            name='budget_one_of_a_kind',
        ),
        migrations.AddConstraint(
            model_name='budget',
            constraint=models.UniqueConstraint(condition=Q(('ended_at__isnull', True)), fields=('team', 'member', 'token', 'model', 'period'), name='budget_one_of_a_kind', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='budget',
            constraint=models.CheckConstraint(condition=Q(('member', None), ('token', None), _connector='OR'), name='budget_of_a_member_or_a_token'),
        ),
    ]
