from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from generations.views import hooks


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("length", "status"), [("ten", 400), ("9" * 5000, 400), (str(hooks.LARGEST + 1), 413)]
)
def test_a_length_that_cannot_be_is_refused_before_anything_is_read(
    client: Client, length: str, status: int
) -> None:
    address = reverse("fal-hook", args=[uuid4(), "token"])
    told = client.generic("POST", address, b"{}", CONTENT_LENGTH=length)
    assert told.status_code == status
