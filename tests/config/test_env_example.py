import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from config.paths import BASE
from tests.config import names

PRINT_SETTINGS = """
import json
from config import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.isupper()},
                 default=str, sort_keys=True))
"""


def test_the_example_lists_every_variable_that_is_read() -> None:
    assert names.in_example() == names.read_by_the_product() | names.asked_by_compose()


def test_the_readme_lists_what_the_example_lists() -> None:
    assert names.in_readme() == names.in_example()


def test_every_variable_of_the_example_says_what_it_is() -> None:
    lines = (BASE / ".env.example").read_text().splitlines()
    unexplained = [
        line for above, line in pairwise(lines) if re.match(r"# [A-Z0-9_]+=", line) and not above
    ]
    assert unexplained == []


@pytest.mark.parametrize("key", ["", "AIMLAPI_KEY=a-key\n"], ids=["without a key", "with a key"])
def test_the_example_states_the_defaults(tmp_path: Path, key: str) -> None:
    uncommented = re.sub(
        r"^# (\w+=)", r"\1", (BASE / ".env.example").read_text(), flags=re.MULTILINE
    )
    (tmp_path / "example").write_text(uncommented + key)
    (tmp_path / "nothing").write_text(key)
    assert _settings(tmp_path / "example") == _settings(tmp_path / "nothing")


def _settings(env_file: Path) -> dict[str, object]:
    """The settings as they are with this file and a bare environment."""
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": str(env_file), "SECRET_KEY": "given"}
    printed = subprocess.run(
        [sys.executable, "-c", PRINT_SETTINGS],
        env=environment,
        cwd=BASE,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(printed.stdout)
    return found
