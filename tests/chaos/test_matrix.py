"""No fault is forgotten, and none is held by a test that is gone."""

import ast
from pathlib import Path

from tests.chaos import matrix

TESTS = Path(__file__).parents[1]


def test_every_fault_is_held_by_a_test_or_says_why_not() -> None:
    assert not matrix.FAULTS.keys() & matrix.NOT_TESTED.keys()
    named = matrix.FAULTS.keys() | matrix.NOT_TESTED.keys()
    assert named == {f"F{number}" for number in range(1, 35)}


def test_every_moment_of_a_request_is_held_by_a_test() -> None:
    assert matrix.MOMENTS.keys() == {f"C{number}" for number in range(1, 25)}
    assert all([*matrix.FAULTS.values(), *matrix.MOMENTS.values(), *matrix.NOT_TESTED.values()])


def test_every_test_that_holds_a_fault_is_there() -> None:
    held = {name for names in [*matrix.FAULTS.values(), *matrix.MOMENTS.values()] for name in names}
    assert [name for name in sorted(held) if name not in _tests(name)] == []


def _tests(name: str) -> set[str]:
    """All tests of the file of a test."""
    file, _, _ = name.partition("::")
    found = ast.parse((TESTS / file).read_text()).body
    return {f"{file}::{one.name}" for one in found if isinstance(one, ast.FunctionDef)}
