"""One generate worker with many calls in flight, beside the textbook's Celery set-up.

Throughput over the ideal (calls in flight / delay), memory, threads, connections, CPU an image, and
how long one team's request waits while another's thousand are queued. Prints a table and writes
tests/bench/results/engine.json.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import django
from django.core.management import call_command

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from config import embedded
from tests.bench.engine_parts import redis_server

RESULTS = Path(__file__).parent / "results"
CASES = [(100, 10), (500, 10), (1000, 10), (1000, 30)]
ROUNDS = 3  # how often each slot is used
TEXTBOOK = (40, 10)  # more children than that and the machine swaps before it calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs=2, type=int, action="append", metavar=("N", "SECONDS"))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        figures = measure(Path(folder), cases=options.case or CASES, rounds=options.rounds)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "engine.json").write_text(json.dumps(figures, indent=2) + "\n")
    for name, value in figures.items():
        for line in value if isinstance(value, list) else [value]:
            print(f"{name.replace('_', ' '):<12} {json.dumps(line)}")


def measure(folder: Path, *, cases: Sequence[tuple[int, int]], rounds: int) -> dict[str, object]:
    os.environ |= {
        "DARKROOM_DATA": str(folder),
        "DATABASE_URL": embedded.url(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "only to measure",
        "AIMLAPI_KEY": "bench",
    }
    with embedded.running(folder), redis_server(folder) as broker:
        os.environ["REDIS_URL"] = broker
        django.setup()
        call_command("migrate", verbosity=0)
        # The models can be imported only once Django knows the database.
        from tests.bench import engine_race  # noqa: PLC0415

        return {
            "textbook": engine_race.textbook(folder, *TEXTBOOK, rounds=rounds),
            "darkroom": [
                engine_race.throughput(folder, n, delay, rounds=rounds) for n, delay in cases
            ],
            "fairness": engine_race.fairness(folder),
        }


if __name__ == "__main__":
    main()
