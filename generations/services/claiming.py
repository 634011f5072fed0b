"""Which request runs next. Fairness between teams is decided here, not by the order of messages."""

import functools
import json
from collections.abc import Sequence
from datetime import timedelta
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


# How many of a provider's could be claimed for a while now, counted no further than `most`.
LEFT = """
SELECT count(*) FROM (
    SELECT 1 FROM generations_generationrequest waits
    WHERE status = 'queued' AND provider = %(provider)s
      AND due_at <= statement_timestamp() - %(late)s AND {may_be_sent}
      AND NOT model = ANY(%(but)s)
    LIMIT %(most)s
) found
"""


def left(*, late: timedelta, most: int) -> int:
    """How many requests, up to `most`, wait for no more than a ticket since so long ago."""
    found = 0
    for name in providers.callable_providers():
        room = gates.room(name)
        at_most = most if room is None else min(most, room)
        if at_most > 0:
            but = gates.stuck_models(name)
            values = {"provider": name, "late": late, "most": at_most, "but": but}
            ((count,),) = run_prepared(_left(), values)
            found += count
    return min(found, most)


def claim() -> Attempt | None:
    """Take the next request and write down the attempt that is about to be sent."""
    names = providers.callable_providers()
    limited = sorted(name for name in names if gates.is_limited(name))
    stuck = {name: gates.stuck_models(name) for name in limited if gates.is_worth_it(name)}
    to_enter = [name for name, but in stuck.items() if not but or gates.waits(name, but=but)]
    if not to_enter:
        return _claim([name for name in names if name not in limited])
    with transaction.atomic():
        shut = {name for name in limited if name not in to_enter or not gates.enter(name)}
        but = [model for name in to_enter for model in stuck[name]]
        attempt = _claim([name for name in names if name not in shut], but=but)
        if attempt and attempt.provider in limited:
            gates.take(attempt.provider)
    return attempt


def _claim(names: list[str], *, but: Sequence[str] = ()) -> Attempt | None:
    """For any of these providers, and any model but these."""
    attempt_id = uuid7()
    values: dict[str, Any] = {
        "providers": names,
        "owner": leases.OWNER,
        "lease": leases.length(),
        "attempt": attempt_id,
        "but": list(but),
    }
    rows = run_prepared(_statement(passes_by=bool(but)), values)
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
def _left() -> str:
    return LEFT.format(may_be_sent=circuits.CLOSED.format(row="waits"))


@functools.cache
def _statement(*, passes_by: bool) -> str:
    may_be_sent = circuits.CLOSED.format(row="waits")
    return CLAIM.format(
        notify=events.NOTIFY,
        columns=", ".join(_columns().values()),
        may_be_sent=f"{may_be_sent} AND NOT model = ANY(%(but)s)" if passes_by else may_be_sent,
        probe=circuits.PROBE,
    )
