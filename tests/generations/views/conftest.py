from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from tests.generations.views.studio import Studio

# A conftest is read before Django is set up, so what needs its models is imported inside.


@pytest.fixture
def studio(db: None) -> "Studio":
    from tests.generations.views.studio import open_studio  # noqa: PLC0415  # see above

    return open_studio()


@pytest.fixture
def mine(studio: "Studio") -> "Client":
    """The browser of somebody who makes images in the studio."""
    from tests.generations.views.studio import browser  # noqa: PLC0415  # see above

    return browser(studio.author)
