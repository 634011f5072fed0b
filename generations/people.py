"""Who made the images of a team's walls: also who is in the team no more."""

from django.db.models import F, OuterRef, Subquery
from django.db.models.expressions import RawSQL

from accounts.models import Membership, Team, User

MOST = 500
# From one author to the next, by an index: to read every image of a large wall would take too long.
# It starts before the first: without "greater than", PostgreSQL walks others' images to find it.
MEMBERS_AND_AUTHORS = """
SELECT user_id FROM accounts_membership WHERE team_id = %s
UNION (
    WITH RECURSIVE authors (id) AS (
        SELECT '00000000-0000-0000-0000-000000000000'::uuid
        UNION ALL
        SELECT (SELECT author_id FROM generations_image
                 WHERE team_id = %s AND status = 'stored' AND trashed_at IS NULL
                   AND author_id > authors.id
                 ORDER BY author_id LIMIT 1)
          FROM authors WHERE authors.id IS NOT NULL)
    SELECT id FROM authors WHERE id IS NOT NULL)
"""


def of_walls(team: Team) -> list[User]:
    """The members in the order they came, then those who left their images here."""
    known = RawSQL(MEMBERS_AND_AUTHORS, [team.pk] * 2)  # noqa: S611  # our own words
    joined = Membership.objects.filter(team=team, user=OuterRef("pk")).values("created_at")
    people = User.objects.filter(pk__in=known).annotate(joined=Subquery(joined))
    return list(people.order_by(F("joined").asc(nulls_last=True), "name", "email")[:MOST])
