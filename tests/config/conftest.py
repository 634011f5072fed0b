import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def new_folder() -> Callable[[], Path]:
    """Folders for real servers, which run as another user where we are root.

    Not pytest's own: another run of pytest closes their parent to all other users.
    """
    run = os.environ["DARKROOM_TEST_RUN"]
    return lambda: Path(tempfile.mkdtemp(prefix="server-", dir=run))
