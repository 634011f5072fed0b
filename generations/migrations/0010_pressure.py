from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0009_fal'),
    ]

    operations = [
        migrations.AlterField(
            model_name='circuit',
            name='provider',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddIndex(
            model_name='generationrequest',
            index=models.Index(condition=models.Q(('status__in', frozenset(['cancelled', 'failed', 'succeeded'])), _negated=True), fields=['team'], name='request_open_of_team'),
        ),
    ]
