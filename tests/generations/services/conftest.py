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
def provider(
    _running: RunningSandbox, settings: Settings, transactional_db: None
) -> Iterator["Provider"]:
    """The real sandbox over HTTP behind the real client; at the end the books must agree."""
    # A conftest is read before Django is set up.
    from generations.services import providers  # noqa: PLC0415
    from tests.generations.services.provider import Provider  # noqa: PLC0415

    key = f"t{next(_numbers):07d}"
    settings.AIMLAPI_KEY = key
    settings.AIMLAPI_BASE_URL = _running.url
    settings.PROVIDER_RESULT_HOSTS = [f"127.0.0.1:{_running.port}"]
    forget = providers.client.cache_clear
    forget()
    made = Provider(_running, key)
    yield made
    _running.client.delete("/_sandbox/faults")
    forget()
    made.check_the_books()
