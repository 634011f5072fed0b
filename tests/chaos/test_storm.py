"""The chaos run in short: a fresh seed each time, told when it fails."""

import random
from pathlib import Path

import pytest

from tests.chaos import storm

pytestmark = [pytest.mark.process, pytest.mark.slow]


def test_random_faults_and_deaths_leave_the_books_in_balance(tmp_path: Path) -> None:
    plan = storm.Plan(random.randrange(10**6), requests=60, teams=4, deaths=3)  # noqa: S311
    print(f"seed {plan.seed}")  # Shown by pytest when the test fails.
    with storm.stage(tmp_path, plan) as (evidence, deaths):
        storm.rage(evidence, deaths, plan)
