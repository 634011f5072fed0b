"""Which request runs next. Fairness between teams is decided here, not by the order of messages."""

import functools
import json
from typing import Any

from django.db import transaction

from config.ids import uuid7
from config.sql import run_prepared
from generations import events
from generations.models import Attempt, GenerationRequest
from generations.services import circuits, gates, leases, providers

# Between teams: fewest in flight first, with us or in a provider's queue, then who waited longest
# with what is next; within a team: by priority, then age. The recursive part lists the teams that
# wait without reading every queued row, and of each the next row is read alone. Their turns are in
# order before a row is locked, so that one claim locks one row and leaves the others' alone.
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
            WHERE r.status IN ('sending', 'submitted') AND r.team_id = waiting.team_id) AS running,
           (SELECT min(next.due_at) FROM unnest(%(providers)s::text[]) AS one (provider)
            CROSS JOIN LATERAL (
                SELECT r.due_at FROM generations_generationrequest r
                WHERE r.status = 'queued' AND r.provider = one.provider
                  AND r.team_id = waiting.team_id AND r.due_at <= statement_timestamp()
                ORDER BY r.priority, r.due_at, r.id LIMIT 1
            ) next) AS since
    FROM waiting WHERE team_id IS NOT NULL
    ORDER BY running, since
),
pick AS (
    SELECT next.id FROM turns CROSS JOIN LATERAL (
        SELECT id FROM generations_generationrequest waits
        WHERE status = 'queued' AND provider = ANY(%(providers)s)
          AND team_id = turns.team_id AND due_at <= statement_timestamp() AND {may_be_sent}
        ORDER BY priority, due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) next
    LIMIT 1
),
claimed AS (
    UPDATE generations_generationrequest request
    SET status = 'sending', fence = fence + 1, attempt_count = attempt_count + 1,
        lease_owner = %(owner)s, lease_until = now() + %(lease)s,
        started_at = coalesce(started_at, now()), error_code = '', error_detail = ''
    FROM pick WHERE request.id = pick.id AND request.status = 'queued'
    RETURNING request.*
),
attempt AS (
    INSERT INTO generations_attempt
        (id, request_id, number, fence, client_request_id, state, error_kind, error_message,
         inference_id, cost_unit, cost_source, raw_headers, raw_body, status_url, response_url,
         cancel_url, provider)
    SELECT %(attempt)s, id, attempt_count, fence, id || '.' || attempt_count, 'sent', '', '',
           '', '', '', '{{}}', '', '', '', '', provider
    FROM claimed
    RETURNING sent_at
),
probe AS ({probe} RETURNING circuit.id)
SELECT {notify}, attempt.sent_at, EXISTS (SELECT 1 FROM probe), {columns} FROM claimed, attempt
"""


def claim() -> Attempt | None:
    """Take the next request and write down the attempt that is about to be sent."""
    names = providers.callable_providers()
    limited = sorted(name for name in names if gates.is_limited(name))
    to_enter = [name for name in limited if gates.is_worth_it(name)]
    if not to_enter:
        return _claim([name for name in names if name not in limited])
    with transaction.atomic():
        shut = {name for name in limited if name not in to_enter or not gates.enter(name)}
        attempt = _claim([name for name in names if name not in shut])
        if attempt and attempt.provider in limited:
            gates.take(attempt.provider)
    return attempt


def _claim(names: list[str]) -> Attempt | None:
    attempt_id = uuid7()
    values: dict[str, Any] = {
        "providers": names,
        "owner": leases.OWNER,
        "lease": leases.length(),
        "attempt": attempt_id,
    }
    rows = run_prepared(_statement(), values)
    if not rows:
        return None
    _, sent_at, is_probe, *columns = rows[0]
    request = GenerationRequest.from_db(None, [*_columns()], columns)
    request.params = json.loads(request.params)  # Outside the ORM, JSON comes as it is written.
    attempt = Attempt(
        id=attempt_id,
        request=request,
        provider=request.provider,
        sent_at=sent_at,
        number=request.attempt_count,
        fence=request.fence,
        client_request_id=f"{request.pk}.{request.attempt_count}",
    )
    attempt.is_probe = is_probe
    return attempt


@functools.cache
def _columns() -> dict[str, str]:
    fields = GenerationRequest._meta.concrete_fields  # noqa: SLF001  # documented for such uses
    return {field.attname: str(field.column) for field in fields}


@functools.cache
def _statement() -> str:
    return CLAIM.format(
        notify=events.NOTIFY,
        columns=", ".join(_columns().values()),
        may_be_sent=circuits.CLOSED.format(row="waits"),
        probe=circuits.PROBE,
    )
