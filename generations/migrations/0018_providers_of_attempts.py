from uuid import UUID

from django.db import migrations

AT_ONCE = 10_000

# Each batch commits alone, so nothing waits long for its locks, and where it was broken off it goes
# on: what has its provider is passed by. So is all of it where 0014 still did this itself.
NAME = """
WITH batch AS (
    SELECT id FROM generations_attempt WHERE id > %(after)s ORDER BY id LIMIT %(at_once)s
), named AS (
    UPDATE generations_attempt attempt SET provider = request.provider
    FROM batch, generations_generationrequest request
    WHERE attempt.id = batch.id AND attempt.provider = '' AND request.id = attempt.request_id
)
SELECT id FROM batch ORDER BY id DESC LIMIT 1
"""


def name_providers(apps, schema_editor):
    last = (UUID(int=0),)
    with schema_editor.connection.cursor() as cursor:
        while last:
            cursor.execute(NAME, {"after": last[0], "at_once": AT_ONCE})
            last = cursor.fetchone()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("generations", "0017_arrived")]

    operations = [migrations.RunPython(name_providers, migrations.RunPython.noop)]
