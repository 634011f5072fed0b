"""The locks hold what is asked for, all of it hashed, and name no place to get it from."""

import re
from itertools import pairwise

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config.paths import BASE

FOLDER = BASE / "requirements"


def _asked_for(name: str) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in (FOLDER / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-r ")]


def _pinned(name: str) -> dict[str, str]:
    """Version by name; a package pinned apart for several systems stands with its last version."""
    pins = re.findall(
        r"^([\w.-]+)(?:\[[\w,]+\])?==([\w.+!-]+)", (FOLDER / name).read_text(), re.MULTILINE
    )
    return {canonicalize_name(package): version for package, version in pins}


@pytest.mark.parametrize("name", ["base", "dev"])
def test_a_lock_pins_everything_that_is_asked_for(name: str) -> None:
    pinned = _pinned(f"{name}.txt")
    stale = [
        str(asked)
        for asked in _asked_for(f"{name}.in")
        if not asked.specifier.contains(pinned.get(canonicalize_name(asked.name), "0"))
        or canonicalize_name(asked.name) not in pinned
    ]
    assert stale == [], "run `make lock`"


def test_tests_run_on_what_the_product_runs_on() -> None:
    base, dev = _pinned("base.txt"), _pinned("dev.txt")
    assert {name: dev.get(name) for name in base} == base, "run `make lock`"


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_every_pin_has_a_hash(name: str) -> None:
    lines = (FOLDER / name).read_text().splitlines()
    bare = [pin for pin, below in pairwise(lines) if "==" in pin and "--hash=sha256:" not in below]
    assert bare == [], "run `make lock`"


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_a_lock_names_no_registry(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
