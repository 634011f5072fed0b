"""One generate worker with many calls in flight, beside the textbook's Celery set-up.

Throughput over the ideal (calls in flight / delay), memory, threads, connections, CPU an image, and
how long one team's request waits while another's thousand are queued. Prints a table and writes
tests/bench/results/engine.json.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tests.bench.engine_parts import redis_server
from tests.bench.measuring import database, folder, publish

CASES = [(n, delay) for delay in (10, 30) for n in (100, 500, 1000)]
# How often each slot is used, by how long a call takes: filling and emptying them, which takes as
# long however much is made in between, is to be a small part of it.
ROUNDS = {10: 6, 30: 3}
TEXTBOOK = (40, 10)  # more children than that and the machine swaps before it calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs=2, type=int, action="append", metavar=("N", "SECONDS"))
    parser.add_argument("--rounds", type=int, help="how often each slot is used")
    options = parser.parse_args()
    with (
        folder() as data,
        redis_server(data) as broker,
        database(data, AIMLAPI_KEY="bench", REDIS_URL=broker, TEAM_QUEUE_LIMIT="100000"),
    ):
        figures = measure(data, cases=options.case or CASES, rounds=options.rounds)
    publish("engine", figures)


def measure(
    data: Path, *, cases: Sequence[tuple[int, int]], rounds: int | None
) -> dict[str, object]:
    # The models can be imported only once Django knows the database.
    from tests.bench import engine_race  # noqa: PLC0415

    def often(delay: int) -> int:
        return rounds or ROUNDS.get(delay, 3)

    return {
        "textbook": engine_race.textbook(data, *TEXTBOOK, rounds=often(TEXTBOOK[1])),
        "darkroom": [
            engine_race.throughput(data, n, delay, rounds=often(delay)) for n, delay in cases
        ],
        "fairness": engine_race.fairness(data),
    }


if __name__ == "__main__":
    main()
