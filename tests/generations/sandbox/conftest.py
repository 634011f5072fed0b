from collections.abc import Iterator

import pytest

from tests.generations.sandbox.running import RunningSandbox, sandbox


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[RunningSandbox]:
    with sandbox() as running:
        yield running


@pytest.fixture
def server(_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    _sandbox.take_new_key()
    yield _sandbox
    _sandbox.client.delete("/_sandbox/faults")
