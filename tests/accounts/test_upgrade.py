"""A ledger from before there were lots, brought up by the migrations, with rows in it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import embedded
from config.paths import BASE

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("process")]

# Without what today's code does once all is migrated: it knows today's tables alone.
UP_TO_THE_FIRST = """
import django
django.setup()
from django.core.management import call_command
from django.db.models.signals import post_migrate
post_migrate.receivers.clear()
for room in ("accounts", "generations"):
    call_command("migrate", room, "0002", verbosity=0)
"""
# A grant of 100 three days ago, 30 of it captured a day after its hold, 5 paid by the house.
BEFORE = """
INSERT INTO accounts_team (id, name, slug, created_at)
VALUES (gen_random_uuid(), 'Studio', 'studio', now());
INSERT INTO accounts_creditaccount (team_id, kind, posted, held, overdraft)
SELECT id, 'team', 70, 0, 0 FROM accounts_team;
INSERT INTO accounts_hold
    (id, account_id, reference, amount, captured, state, created_at, resolved_at)
SELECT gen_random_uuid(), id, 'r1', 40, 30, 'captured', now() - interval '2 days',
       now() - interval '1 day'
FROM accounts_creditaccount WHERE kind = 'team';
INSERT INTO accounts_ledgerentry
    (debit_id, credit_id, amount, kind, key, reason, hold_id, created_at)
SELECT d.id, c.id, e.amount, e.kind, e.key, '', CASE WHEN e.kind <> 'grant' THEN h.id END,
       now() - e.ago
FROM (VALUES ('funding', 'team', 100, 'grant', 'grant:1', interval '3 days'),
             ('team', 'revenue', 30, 'capture', 'capture:', interval '1 day'),
             ('overrun', 'revenue', 5, 'overrun', 'overrun:1', interval '1 day'))
         e (debit, credit, amount, kind, key, ago),
     accounts_creditaccount d, accounts_creditaccount c, accounts_hold h
WHERE d.kind = e.debit AND c.kind = e.credit;
INSERT INTO accounts_user
    (id, password, is_superuser, email, name, is_active, is_staff, date_joined)
VALUES (gen_random_uuid(), '', false, 'owner@example.com', '', true, false, now());
INSERT INTO generations_generationrequest
    (id, team_id, user_id, idempotency_key, fingerprint, provider, model, prompt, params,
     num_images, visibility, source, hold_id, status, fence, attempt_count, tries, lease_owner,
     error_code, error_detail, finished_at)
SELECT gen_random_uuid(), t.id, u.id, gen_random_uuid(), '', 'aimlapi', 'flux/dev', '', '{}',
       1, 'team', 'web', h.id, 'succeeded', 1, 1, 0, '', '', '', now()
FROM accounts_team t, accounts_user u, accounts_hold h;
INSERT INTO generations_attempt
    (id, request_id, number, fence, client_request_id, state, http_status, error_kind,
     error_message, inference_id, cost_nano_usd, cost_native, cost_unit, cost_source, raw_headers,
     raw_body)
SELECT gen_random_uuid(), id, 1, 1, 'r1.1', 'answered', 200, '', '', 'i1', 3500, 7, 'credits',
       'header', '{}', ''
FROM generations_generationrequest
"""


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="server-", dir=os.environ["DARKROOM_TEST_RUN"]))
    with embedded.running(folder):
        yield folder


def run(data: Path, *command: str) -> None:
    own = {"DARKROOM_DATA": str(data), "DATABASE_URL": embedded.url(data)}
    done = subprocess.run(
        command,
        cwd=BASE, env={**os.environ, **own}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_older_books_are_brought_up_with_what_is_in_them(data: Path) -> None:
    run(data, sys.executable, "-c", UP_TO_THE_FIRST)
    with psycopg.connect(embedded.url(data), autocommit=True) as session:
        for kind in ("funding", "revenue", "overrun"):
            session.execute(
                "INSERT INTO accounts_creditaccount (kind, posted, held, overdraft)"
                " VALUES (%s, 0, 0, 0) ON CONFLICT DO NOTHING",
                [kind],
            )
        session.execute(
            BEFORE.replace("'capture:'", "'capture:' || (SELECT id FROM accounts_hold)")
        )
    for command in ("migrate", "check_ledger"):
        run(data, sys.executable, "manage.py", command)
    with psycopg.connect(embedded.url(data)) as session:
        lots = session.execute("SELECT kind, amount FROM accounts_lot").fetchall()
        found = session.execute(
            "SELECT kind, extract(day FROM now() - effective_at) FROM accounts_ledgerentry"
        ).fetchall()
        charges = session.execute(
            "SELECT provider, inference_id, seen_via, nano_usd, native_amount, native_unit"
            " FROM generations_providercharge"
        ).fetchall()
        attempts = session.execute("SELECT provider FROM generations_attempt").fetchall()
    assert attempts == [("aimlapi",)]
    assert charges == [("aimlapi", "i1", "header", 3500, 7, "credits")]
    assert lots == [("granted", 100)]
    assert {kind: int(days) for kind, days in found} == {"grant": 3, "capture": 2, "house": 1}
