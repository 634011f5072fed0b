from django.db import migrations

# What was asked for stands for what a provider did not repeat, and is searched for.
KEEP_WHAT_WAS_ASKED = """
UPDATE generations_image i
SET seed = (r.params ->> 'seed')::bigint,
    search = CASE i.status WHEN 'stored' THEN generations_search(
        i.team_id, r.model, r.prompt, i.width, i.height, (r.params ->> 'seed')::bigint) END
FROM generations_generationrequest r
WHERE r.id = i.request_id AND i.seed IS NULL AND r.params ->> 'seed' ~ '^[0-9]{1,18}$'
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0024_hidden_images")]

    operations = [migrations.RunSQL(KEEP_WHAT_WAS_ASKED, migrations.RunSQL.noop)]
