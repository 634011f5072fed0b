"""Hold and capture, three ways: what the ledger does, what it is made of, and the usual way."""

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from uuid import UUID

import psycopg
from django.db import connection, transaction
from django.utils import timezone
from tqdm import tqdm

from accounts.models import CreditAccount, Hold, LedgerEntry, Team
from accounts.services import ledger, statements
from config.ids import uuid7

CONNECTIONS = 16
SECONDS = 3.0
AMOUNT = 1_000

Pair = Callable[[Team, str], None]


def through_the_service() -> Pair:
    def pair(team: Team, reference: str) -> None:
        hold = ledger.hold(team=team, amount=AMOUNT, reference=reference)
        ledger.capture(hold=hold.pk, amount=AMOUNT)

    return pair


def by_bare_psycopg() -> Pair:
    session = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)

    def pair(team: Team, reference: str) -> None:
        hold = uuid7()
        values = {
            "id": hold,
            "team": team.pk,
            "amount": AMOUNT,
            "reference": reference,
            "limits_made": None,
        }
        session.execute(statements.HOLD, values)
        session.execute(statements.CAPTURE, {"hold": hold, "amount": AMOUNT})

    return pair


def by_locking_rows() -> Pair:
    """As Django's manual shows it: lock the row, look, write."""
    revenue = CreditAccount.objects.get(kind="revenue")

    def pair(team: Team, reference: str) -> None:
        _locked_capture(_locked_hold(team, reference).pk, revenue)

    return pair


WAYS = {
    "service": through_the_service,
    "bare psycopg": by_bare_psycopg,
    "select_for_update": by_locking_rows,
}


def race(teams: list[Team], title: str, *, rounds: int) -> dict[str, object]:
    """Pairs a second of each way, in turns, so that a busy minute falls on all."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in tqdm(range(rounds), desc=title.capitalize(), unit="round"):
        first = turn % len(WAYS)
        for way in [*list(WAYS)[first:], *list(WAYS)[:first]]:
            found[way].append(_pairs_a_second(way, teams, f"{title}.{turn}.{way}"))
    return {
        "pairs_a_second": {way: round(statistics.median(rates)) for way, rates in found.items()},
        "service_over_bare_psycopg": _ratio(found["service"], found["bare psycopg"]),
        "service_over_select_for_update": _ratio(found["service"], found["select_for_update"]),
    }


def make_teams(count: int) -> list[Team]:
    slugs = [f"race-{count}-{number}" for number in range(count)]
    made = [Team.objects.create(name=slug, slug=slug) for slug in slugs]
    for team in made:
        ledger.grant(team=team, amount=10**15, reason="To spend", reference=str(team.pk))
    return made


def _pairs_a_second(way: str, teams: list[Team], turn: str) -> float:
    connection.close()  # Forked clients must not share it.
    forked = multiprocessing.get_context("fork")
    start, done = forked.Barrier(CONNECTIONS), forked.Queue()
    clients = []
    for number in range(CONNECTIONS):
        # Each begins at another team, or they would all walk behind each other.
        first = number * len(teams) // CONNECTIONS
        mine = teams[first:] + teams[:first]
        given = (way, mine, f"{turn}.{number}", start, done)
        clients.append(forked.Process(target=_client, args=given))
    for one in clients:
        one.start()
    total: int = sum(done.get(timeout=60) for _ in clients)
    for one in clients:
        one.join()
    return total / SECONDS


def _client(
    way: str, teams: list[Team], name: str, start: Barrier, done: "multiprocessing.Queue[int]"
) -> None:
    """One connection's pairs; their count goes into the queue."""
    pair, number = WAYS[way](), 0
    pair(teams[0], f"{name}.first")
    start.wait()
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        pair(teams[number % len(teams)], f"{name}.{number}")
        number += 1
    done.put(number)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 2)


def _locked_hold(team: Team, reference: str) -> Hold:
    with transaction.atomic():
        account = CreditAccount.objects.select_for_update().get(team=team)
        if account.frozen_at or account.available < AMOUNT:
            raise ValueError(account)
        account.held += AMOUNT
        account.save(update_fields=["held"])
        return Hold.objects.create(account=account, amount=AMOUNT, reference=reference)


def _locked_capture(pk: UUID, revenue: CreditAccount) -> None:
    with transaction.atomic():
        hold = Hold.objects.select_for_update().get(pk=pk)
        account = CreditAccount.objects.select_for_update().get(pk=hold.account_id)
        if hold.state != "pending":
            raise ValueError(hold)
        hold.state, hold.captured, hold.resolved_at = "captured", AMOUNT, timezone.now()
        hold.save(update_fields=["state", "captured", "resolved_at"])
        LedgerEntry.objects.create(
            debit=account,
            credit=revenue,
            amount=AMOUNT,
            kind="capture",
            key=f"capture:{hold.pk}",
            hold=hold,
            effective_at=hold.created_at,
        )
        account.held -= hold.amount
        account.posted -= AMOUNT
        account.save(update_fields=["held", "posted"])
