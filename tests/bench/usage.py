"""The Usage page of a team with a million entries: a year, 40 members, 20 models.

Seeds an embedded PostgreSQL by COPY, keeps the ended days as the night does, and asks for the pages
as a browser does, in turns with those of a team that has only begun. Writes
tests/bench/results/usage.json.
"""

import os
import statistics
import time
from typing import Any

from tqdm import tqdm

from tests.bench.measuring import Browser, p95, publish, site

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "1000000"))
MEMBERS = 40
MODELS = 20
ROUNDS = 15
PAGES = {
    "usage, 7 days": "/usage/?period=7d",
    "usage, 30 days": "/usage/?period=30d",
    "usage, this year by model": "/usage/?period=year",
    "usage, this year by member": "/usage/?period=year&by=member",
    "ledger": "/usage/ledger/",
    "ledger, grants": "/usage/ledger/?kind=grant",
    "ledger, one person": "/usage/ledger/?person={person}",
    "statement": "/usage/statement/{month}/",
    "statement's file": "/usage/statement/{month}/file/",
    "books": "/usage/books/",
}


def seeded() -> dict[str, Any]:
    """A team with its year. What Django's models need is imported once Django is set up."""
    from django.utils import timezone  # noqa: PLC0415

    from accounts.models import AccountKind, CreditAccount  # noqa: PLC0415
    from generations import catalog  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415
    from tests.bench.year import Year  # noqa: PLC0415

    team = factories.team(amount=factories.CREDIT)
    owner = factories.owner_of(team)
    members = [owner, *(factories.member(team) for _ in range(MEMBERS - 1))]
    CreditAccount.objects.filter(team=team).update(posted=0)
    house = {one.kind: one.pk for one in CreditAccount.objects.filter(team=None)}
    Year(
        team=team.pk,
        account=CreditAccount.objects.get(team=team).pk,
        revenue=house[AccountKind.REVENUE],
        funding=house[AccountKind.FUNDING],
        members=[one.pk for one in members],
        models=list(catalog.MODELS)[:MODELS],
        count=ENTRIES,
        now=timezone.now(),
    ).seed()
    beginner = factories.owner_of(factories.team(name="Beginners"))
    return {"owner": owner, "person": members[10].pk, "beginner": beginner}


def asked(browser: Browser, beginner: Browser, address: str) -> dict[str, Any]:
    """How long the page takes inside the server, and how many queries."""
    for one in (browser, beginner):
        one.get(address)  # Templates are compiled once a process.
    times, baseline, worked = [], [], 0.0
    for _ in range(ROUNDS):
        baseline.append(beginner.milliseconds(address))
        cpu = time.process_time()
        times.append(browser.milliseconds(address))
        worked += time.process_time() - cpu
    ratio = statistics.median(ours / theirs for ours, theirs in zip(times, baseline, strict=True))
    return {
        "median_ms": round(statistics.median(times), 1),
        "least_ms": round(min(times), 1),
        "of_a_new_team_ms": round(statistics.median(baseline), 1),
        "over_a_new_team": round(ratio, 2),
        "p95_ms": p95(times),
        # Ours alone, without the database and whatever else the machine does.
        "python_cpu_ms": round(1000 * worked / ROUNDS, 1),
        "queries": len(browser.queries(address)),
        "bytes": len(browser.get(address).content),
    }


def measure() -> dict[str, Any]:
    from django.utils import timezone  # noqa: PLC0415

    from generations.services import usage_days  # noqa: PLC0415

    began = time.perf_counter()
    team = seeded()
    seeding = time.perf_counter() - began
    began = time.perf_counter()
    usage_days.close_days()
    closing = time.perf_counter() - began
    browser, beginner = Browser(team["owner"]), Browser(team["beginner"])
    names = {"person": team["person"], "month": f"{timezone.now():%Y-%m}"}
    pages = {
        name: asked(browser, beginner, address.format(**names))
        for name, address in tqdm(PAGES.items(), desc="Usage pages", unit="page")
    }
    return {
        "entries": ENTRIES,
        "members": MEMBERS,
        "models": MODELS,
        "seeding_seconds": round(seeding, 1),
        "keeping_the_whole_year_seconds": round(closing, 1),
        "pages": pages,
    }


def main() -> None:
    with site():
        figures = measure()
    publish("usage", figures, figures["pages"])


if __name__ == "__main__":
    main()
