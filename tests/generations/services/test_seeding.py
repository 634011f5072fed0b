"""A gallery to measure with: sound in every book, and there to be looked at."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from generations.models import GenerationRequest, Image
from generations.services import audit, images, seeding
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "DRAWN", 2)
    monkeypatch.setattr(seeding, "AT_ONCE", 5)


def test_the_books_balance_and_the_objects_are_there() -> None:
    team = factories.team()
    progress: list[int] = []

    assert seeding.seed(team=team, count=30, progress=progress.append) == 30

    assert Image.objects.filter(team=team).count() == sum(progress) == 30
    assert audit.check_ledger().problems == []
    assert list(images.check(progress=lambda _: None)) == []


def test_said_again_it_adds_what_is_missing() -> None:
    team = factories.team()

    added = [seeding.seed(team=team, count=n, progress=lambda _: None) for n in (8, 8, 12, 5)]

    assert added == [8, 0, 4, 0]
    assert Image.objects.filter(team=team).count() == 12


def test_what_is_seeded_is_seen_and_found() -> None:
    team = factories.team()
    call_command("seed_gallery", team=team.slug, images=20)
    client = Client()
    client.force_login(factories.owner_of(team))
    word = GenerationRequest.objects.values_list("prompt", flat=True)[0].split()[1]

    [first, *_] = client.get("/gallery/", {"q": word}).context["days"][0][1]
    assert client.get(f"/i/{first.pk}/").status_code == 200
    assert client.get(f"/i/{first.pk}/file/640/").status_code == 200


def test_a_team_that_is_not_there_is_said() -> None:
    with pytest.raises(CommandError, match="There is no team nowhere"):
        call_command("seed_gallery", team="nowhere", images=1)


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_that_is_none_is_said(number: str) -> None:
    with pytest.raises(CommandError, match="not a number of images"):
        call_command("seed_gallery", "--team", "studio", "--images", number)
