"""What the ledger costs: hold and capture pairs a second beside two other ways, and its check.

Prints a table and writes tests/bench/results/ledger.json.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import django
from django.core.management import call_command

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from config import embedded

RESULTS = Path(__file__).parent / "results"
ACCOUNTS = {"one hot account": 1, "100 accounts": 100}
ROUNDS = 5
ENTRIES = 1_000_000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        figures = measure(Path(folder))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "ledger.json").write_text(json.dumps(figures, indent=2) + "\n")
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<18} {json.dumps(value)}")


def measure(folder: Path) -> dict[str, object]:
    os.environ |= {
        "DARKROOM_DATA": str(folder),
        "DATABASE_URL": embedded.url(folder),
        "DATABASE_POOL": "false",  # One connection a client, as for a worker's.
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "only to measure",
    }
    with embedded.running(folder):
        django.setup()
        call_command("migrate", verbosity=0)
        return {**pairs(), "check_ledger": big_check()}


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
    """The whole check of a large ledger, which must find all of it sound, also what ran before."""
    from accounts.services import ledger_check  # noqa: PLC0415
    from tests.bench import big_ledger  # noqa: PLC0415

    big_ledger.fill(entries=ENTRIES)
    began = time.perf_counter()
    report = ledger_check.check()
    seconds = time.perf_counter() - began
    if report.problems:
        raise SystemExit("\n".join(report.problems))
    return {"entries": report.entries, "seconds": round(seconds, 2)}


if __name__ == "__main__":
    main()
