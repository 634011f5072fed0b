from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from accounts.models import User
    from generations.models import Image, Report

# A conftest is read before Django is set up, so what needs its models is imported inside.


@pytest.fixture
def root(db: None) -> "User":
    from accounts.models import User  # noqa: PLC0415  # see above

    return User.objects.create_superuser("root@example.com")


@pytest.fixture
def desk(client: Client, root: "User") -> Client:
    """The admin as somebody who may everything."""
    client.force_login(root)
    return client


@pytest.fixture
def image(db: None) -> "Image":
    from tests import factories  # noqa: PLC0415  # see above
    from tests.generations.admin.desk import PROMPT  # noqa: PLC0415  # see above

    return factories.stored_image(of=factories.team(name="Northlight"), prompt=PROMPT)


@pytest.fixture
def report(image: "Image") -> "Report":
    from tests.generations.admin.desk import complain  # noqa: PLC0415  # see above

    return complain(image)
