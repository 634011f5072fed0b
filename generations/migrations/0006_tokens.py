import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_tokens'),
        ('generations', '0005_approvals'),
    ]

    operations = [
        migrations.AddField(
            model_name='generationrequest',
            name='token',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='accounts.apitoken'),
        ),
        migrations.AlterField(
            model_name='generationrequest',
            name='source',
            field=models.CharField(choices=[('web', 'Web'), ('command', 'Command line'), ('api', 'API')], default='web', max_length=8),
        ),
    ]
