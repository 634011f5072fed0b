from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.urls import reverse, set_script_prefix

from generations import addresses


@pytest.fixture(params=["/", "/darkroom/"])
def prefix(request: pytest.FixtureRequest) -> Iterator[str]:
    """What Darkroom hangs under."""
    set_script_prefix(request.param)
    yield request.param
    set_script_prefix("/")


def test_an_images_addresses_are_those_of_the_url_table(prefix: str) -> None:
    for image in (uuid4(), uuid4()):
        assert addresses.of_image(image) == reverse("image", args=[image])
        favourite = addresses.of_image(image, "image-favourite")
        assert favourite == reverse("image-favourite", args=[image])
        file = addresses.of_image(image, "image-file", "640")
        assert file == reverse("image-file", args=[image, "640"])
        assert file.startswith(prefix)
