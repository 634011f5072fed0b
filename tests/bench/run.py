"""`make bench`: all benchmarks, or one (`make bench ARGS="--only ledger"`).

Each is a process of its own, with a database of its own. It prints a table and writes
tests/bench/results/NAME.json. The machines are shared, so what is measured stands beside a baseline
that was measured in turns with it: the ratios are the figures to compare.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

BASE = Path(__file__).resolve().parents[2]
BENCHES = {
    "first_image": "from the press of a key to the image, beside a bare script",
    "ledger": "holds and captures a second, and the check of a million entries",
    "engine": "many calls in flight on one worker, beside the textbook's set-up",
    "usage": "the pages over a million entries",
    "gallery": "the pages of a million images, beside ten thousand",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=BENCHES, metavar="NAME", help=", ".join(BENCHES))
    chosen = parser.parse_args().only
    failed = [name for name in BENCHES if chosen in {None, name} and not run(name)]
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}")


def run(name: str) -> bool:
    print(f"\n{name}: {BENCHES[name]}", flush=True)
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], cwd=BASE, check=False)
    print(f"({time.monotonic() - began:.0f} s)", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    main()
