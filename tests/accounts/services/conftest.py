from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

if TYPE_CHECKING:
    from accounts.models import User


@pytest.fixture
def little_alone(settings: Settings) -> None:
    """More than 20 microcredits a day take two."""
    settings.ADJUSTMENT_LIMIT = 20


@pytest.fixture
def first(db: None) -> "User":
    return _staff()


@pytest.fixture
def second(db: None) -> "User":
    return _staff()


def _staff() -> "User":
    # A conftest is read before Django is set up.
    from tests import factories  # noqa: PLC0415

    return factories.staff()
