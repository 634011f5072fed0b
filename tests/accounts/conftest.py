from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache

if TYPE_CHECKING:
    from tests.accounts.people import People


@pytest.fixture(autouse=True)
def no_attempts_counted() -> Iterator[None]:
    """allauth counts attempts in the cache, which tests share."""
    yield
    cache.clear()


@pytest.fixture
def people(db: None) -> "People":
    # A conftest is read before Django is set up.
    from tests.accounts.people import make_people  # noqa: PLC0415

    return make_people()
