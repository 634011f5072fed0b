"""How heavy a full wall is before its pictures come."""

import gzip

import pytest
from django.test import Client

from generations.services import seeding
from generations.views import gallery
from tests.generations.views.studio import Studio

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("address", ["/gallery/", "/team/"])
def test_a_wall_of_sixty_tiles_weighs_less_than_16_kilobytes(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(seeding, "DRAWN", 12)
    seeding.seed(team=studio.team, count=12 * gallery.PAGE, progress=lambda _: None)

    page = mine.get(address)

    assert page.text.count('class="tile') == gallery.PAGE
    assert len(gzip.compress(page.content, 6)) < 16 * 1024
