from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.instance import running

if TYPE_CHECKING:
    from tests.chaos.evidence import Evidence

# Everything that waits for a clock waits less.
QUICK = {
    "LEASE_SECONDS": "3",
    "SWEEP_SECONDS": "0.5",
    "PROVIDER_DEADLINE": "20",
    "PROVIDER_LOG_LAG": "2",
    "SANDBOX_DELAY": "1",
    "WORKER_CONCURRENCY": "4",
}


@pytest.fixture(scope="module")
def darkroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Evidence"]:
    """One running instance, whose parts are killed."""
    from tests.chaos.evidence import Evidence  # noqa: PLC0415 - read before the settings are

    with running(Path(tmp_path_factory.mktemp("chaos")), **QUICK) as instance:
        evidence = Evidence(instance)
        yield evidence
        evidence.close()
