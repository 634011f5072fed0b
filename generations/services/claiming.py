"""Which request runs next. Fairness between teams is decided here, not by the order of messages."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from generations import events
from generations.models import Attempt, GenerationRequest
from generations.services import charges, leases, providers

# Between teams: fewest in flight first, then the oldest; within a team: the oldest.
# The recursive part lists the teams that wait without reading every queued row. Their turns are
# in order before a row is locked, so that one claim locks one row and leaves the others' alone.
CLAIM = """
WITH RECURSIVE waiting(team_id) AS (
    (SELECT team_id FROM generations_generationrequest
     WHERE status = 'queued' AND provider = ANY(%(providers)s) ORDER BY team_id LIMIT 1)
    UNION ALL
    SELECT (SELECT r.team_id FROM generations_generationrequest r
            WHERE r.status = 'queued' AND r.provider = ANY(%(providers)s)
              AND r.team_id > waiting.team_id
            ORDER BY r.team_id LIMIT 1)
    FROM waiting WHERE waiting.team_id IS NOT NULL
),
turns AS (
    SELECT team_id,
           (SELECT count(*) FROM generations_generationrequest r
            WHERE r.status = 'sending' AND r.team_id = waiting.team_id) AS running,
           (SELECT min(r.due_at) FROM generations_generationrequest r
            WHERE r.status = 'queued' AND r.provider = ANY(%(providers)s)
              AND r.team_id = waiting.team_id) AS oldest
    FROM waiting WHERE team_id IS NOT NULL
    ORDER BY running, oldest
),
pick AS (
    SELECT next.id FROM turns CROSS JOIN LATERAL (
        SELECT id FROM generations_generationrequest
        WHERE status = 'queued' AND provider = ANY(%(providers)s)
          AND team_id = turns.team_id AND due_at <= statement_timestamp()
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) next
    LIMIT 1
)
UPDATE generations_generationrequest request
SET status = 'sending', fence = fence + 1, attempt_count = attempt_count + 1,
    lease_owner = %(owner)s, lease_until = now() + %(lease)s,
    started_at = coalesce(started_at, now()), error_code = '', error_detail = ''
FROM pick WHERE request.id = pick.id AND request.status = 'queued'
RETURNING request.id
"""


def claim() -> Attempt | None:
    """Take the next request and write down the attempt that is about to be sent."""
    values: dict[str, Any] = {
        "providers": providers.callable_providers(),
        "owner": leases.OWNER,
        "lease": timedelta(seconds=settings.LEASE_SECONDS),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        row = cursor.fetchone()
        if row is None:
            return None
        request = GenerationRequest.objects.get(pk=row[0])
        events.changed(request.pk)
        attempt = Attempt.objects.create(
            request=request,
            number=request.attempt_count,
            fence=request.fence,
            client_request_id=f"{request.pk}.{request.attempt_count}",
        )
        charges.estimate(attempt)
        return attempt
