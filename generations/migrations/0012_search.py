from django.db import migrations

# Letters without their accents, in lower case, and nothing but spaces between words: so that
# "f/1.8", "dark-blue" and "Über" are found as the words in them, whatever the server's locale.
# `generations.prompt_search.plain` does the same to what is looked for.
PLAIN = r"""
CREATE FUNCTION generations_plain(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(
        normalize(regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g'), NFC)
            COLLATE pg_c_utf8,
        '[[:punct:][:cntrl:]]+', ' ', 'g') COLLATE pg_c_utf8)
$$
"""

# Stems for whoever searches for words, the words themselves for prefixes, stop words and other
# languages. What an image is besides its prompt stands there as words that no prompt has, so that
# one index answers every combination.
SEARCH = """
CREATE FUNCTION generations_search(
    team uuid, model text, prompt text, width integer, height integer, seed bigint
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(array_remove(ARRAY[
               'team=' || team,
               'model=' || model,
               'shape=' || CASE sign(width - height)
                               WHEN 1 THEN 'landscape' WHEN -1 THEN 'portrait' ELSE 'square' END,
               'seed=' || seed
           ], NULL))
        || to_tsvector('english', generations_plain(prompt))
        || to_tsvector('simple', generations_plain(prompt))
$$
"""

KEEP = """
CREATE FUNCTION generations_keep_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := NULL;
    IF NEW.status = 'stored' THEN
        SELECT generations_search(
                   NEW.team_id, r.model, r.prompt, NEW.width, NEW.height, NEW.seed)
        INTO NEW.search FROM generations_generationrequest r WHERE r.id = NEW.request_id;
    END IF;
    RETURN NEW;
END
$$
"""

BRING_UP = """
UPDATE generations_image i
SET search = generations_search(i.team_id, r.model, r.prompt, i.width, i.height, i.seed)
FROM generations_generationrequest r
WHERE r.id = i.request_id AND i.status = 'stored'
"""

TRIGGERS = """
CREATE TRIGGER image_search_made BEFORE INSERT ON generations_image
    FOR EACH ROW WHEN (NEW.status = 'stored') EXECUTE FUNCTION generations_keep_search();
CREATE TRIGGER image_search_kept BEFORE UPDATE OF status ON generations_image
    FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION generations_keep_search()
"""

# What waits to be sorted into the index is read whole by every search: so it is kept short.
INDEX = """
CREATE INDEX image_search ON generations_image USING gin (search)
WITH (gin_pending_list_limit = 256) WHERE status = 'stored' AND trashed_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0011_organise")]

    # The column is the database's own: kept by triggers, read by the index, never by a model.
    operations = [
        migrations.RunSQL(
            "ALTER TABLE generations_image ADD COLUMN search tsvector",
            "ALTER TABLE generations_image DROP COLUMN search",
        ),
        migrations.RunSQL(PLAIN, "DROP FUNCTION generations_plain"),
        migrations.RunSQL(SEARCH, "DROP FUNCTION generations_search"),
        migrations.RunSQL(KEEP, "DROP FUNCTION generations_keep_search"),
        migrations.RunSQL(BRING_UP, migrations.RunSQL.noop),
        migrations.RunSQL(
            TRIGGERS,
            "DROP TRIGGER image_search_made ON generations_image;"
            "DROP TRIGGER image_search_kept ON generations_image",
        ),
        migrations.RunSQL(INDEX, "DROP INDEX image_search"),
    ]
