from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.generations.api.caller import Caller

# A conftest is read before Django is set up, so what needs its models is imported inside.


@pytest.fixture
def caller(db: None) -> "Caller":
    from tests.generations.api.caller import Caller  # noqa: PLC0415  # see above

    return Caller.of_a_member()
