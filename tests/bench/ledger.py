"""What the ledger costs: hold and capture pairs a second beside two other ways, and its check.

Prints a table and writes tests/bench/results/ledger.json.
"""

import statistics
import time

from tests.bench.measuring import database, folder, publish

ACCOUNTS = {"one hot account": 1, "100 accounts": 100}
ROUNDS = 5
ENTRIES = 1_000_000
CHECKS = 3


def main() -> None:
    # One connection a client, as for a worker's.
    with folder() as data, database(data, DATABASE_POOL="false"):
        figures = {**pairs(), "check_ledger": big_check()}
    publish("ledger", figures)


def pairs() -> dict[str, object]:
    # The models can be imported only once Django knows the database.
    from tests.bench import ledger_race  # noqa: PLC0415

    figures: dict[str, object] = {
        "connections": ledger_race.CONNECTIONS,
        "seconds_a_turn": ledger_race.SECONDS,
        "rounds": ROUNDS,
    }
    for title, count in ACCOUNTS.items():
        teams = ledger_race.make_teams(count)
        figures[title] = ledger_race.race(teams, title, rounds=ROUNDS)
    return figures


def big_check() -> dict[str, object]:
    """All invariants over large books, which must all hold, also for what ran before.

    Beside it, in turns, the least that reads every entry.
    """
    from generations.services import audit  # noqa: PLC0415
    from tests.bench import big_ledger  # noqa: PLC0415

    big_ledger.fill(entries=ENTRIES)
    checks, sums = [], []
    for _ in range(CHECKS):
        sums.append(plain_sum())
        report = audit.check_ledger()
        checks.append(report.seconds)
        if report.problems:
            raise SystemExit("\n".join(report.problems))
    return {
        "entries": report.entries,
        "invariants": len(audit.promises()),
        "seconds": round(statistics.median(checks), 2),
        "plain_sum_seconds": round(statistics.median(sums), 2),
        "over_plain_sum": round(
            statistics.median(a / b for a, b in zip(checks, sums, strict=True)), 1
        ),
    }


def plain_sum() -> float:
    """Seconds to add up all entries by their accounts."""
    from django.db import connection  # noqa: PLC0415

    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT debit_id, credit_id, sum(amount) FROM accounts_ledgerentry GROUP BY 1, 2"
        )
        cursor.fetchall()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
