from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

from tests.generations.sandbox.running import RunningSandbox, sandbox

if TYPE_CHECKING:
    from tests.generations.services.provider import Provider

_numbers = count(1)


@pytest.fixture(scope="session")
def _running() -> Iterator[RunningSandbox]:
    with sandbox() as running:
        yield running


@pytest.fixture
def connected(
    _running: RunningSandbox, settings: Settings, transactional_db: None
) -> Iterator["Provider"]:
    """The real sandbox over HTTP behind the real client, with a key of the test's own."""
    # A conftest is read before Django is set up.
    from generations.services import gates, providers  # noqa: PLC0415
    from tests.generations.services.provider import Provider  # noqa: PLC0415

    made = Provider(_running, f"t{next(_numbers):07d}")
    made.connect(settings)
    yield made
    _running.client.delete("/_sandbox/faults")
    providers.client.cache_clear()
    gates._slowed.forget()  # Or the next test's claims queue before a gate that is gone.


@pytest.fixture
def provider(connected: "Provider") -> Iterator["Provider"]:
    """At the end the books must agree, and no attempt may have been sent twice."""
    yield connected
    connected.check_the_books()


@pytest.fixture
def added_up(connected: "Provider", settings: Settings) -> Iterator[None]:
    """What the provider writes is there at once; whatever happens, our own books add up."""
    # A conftest is read before Django is set up.
    from generations.services import audit  # noqa: PLC0415

    settings.PROVIDER_LOG_LAG = 0
    yield
    assert audit.check_ledger().problems == []
