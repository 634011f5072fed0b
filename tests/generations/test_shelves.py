"""What menus and pages say of a team's collections."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accounts.models import Membership, Role, User
from generations import shelves
from generations.models import Collection, Image, ShareLink, Visibility
from generations.services import collecting, sharing
from generations.services.sharing import Terms
from generations.views import collections
from tests import factories
from tests.generations.views.studio import Studio, browser, fill, open_studio

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio() -> Studio:
    return open_studio()


@pytest.fixture
def image(studio: Studio) -> Image:
    return factories.stored_image(of=studio.team, by=studio.author)


@pytest.fixture
def shared(studio: Studio, image: Image) -> Collection:
    """The author's collection, which a colleague shares; beside it is one that nobody does."""
    made = collecting.create(by=studio.author, team=studio.team, name="Autumn")
    collecting.create(by=studio.author, team=studio.team, name="Winter")
    collecting.add(by=studio.author, collection=made, images=[image.pk])
    sharing.share(by=studio.colleague, what=made, terms=Terms(max_views=2))
    return made


def said_shared(studio: Studio, *, to: User) -> list[str]:
    named = shelves.names(team=studio.team, user=to)
    return [one.name for one in named if vars(one)["is_shared"]]


def test_everybody_in_the_team_is_told_what_a_link_shows(
    studio: Studio, image: Image, shared: Collection
) -> None:
    for person in (studio.author, studio.colleague, studio.viewer):
        assert said_shared(studio, to=person) == ["Autumn"]
    around = shelves.names_around(image, user=studio.author, also=studio.team)
    assert [(one.name, vars(one)["is_shared"]) for one in around] == [
        ("Autumn", True),
        ("Winter", False),
    ]


@pytest.mark.parametrize("what", ["revoked", "expired", "used", "gone", "viewer", "private"])
def test_what_no_link_shows_any_more_is_not_called_shared(
    studio: Studio, shared: Collection, what: str
) -> None:
    link = ShareLink.objects.get()
    theirs = Membership.objects.filter(user=studio.colleague, team=studio.team)
    match what:
        case "revoked":
            sharing.revoke(by=studio.colleague, link=link)
        case "expired":
            ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        case "used":
            ShareLink.objects.update(views=2)
        case "gone":
            theirs.delete()
        case "viewer":
            theirs.update(role=Role.VIEWER)
        case "private":
            Collection.objects.filter(pk=shared.pk).update(visibility=Visibility.PRIVATE)

    assert said_shared(studio, to=studio.author) == []
    assert not sharing.images_of(link).exists() or what in {"revoked", "expired", "used"}


def pages(studio: Studio) -> list[list[str]]:
    """The names on each page of two, as one is led from page to page."""
    client, address, found = browser(studio.viewer), "/collections/", []
    while address:
        page = client.get(address).text
        found.append(re.findall(r'<b class="truncate">([^<]+)</b>\s*<span class="faint', page))
        further = re.search(r'href="([^"]*after=[^"]*)"', page)
        address = unescape(further[1]) if further else ""
    return found


def test_a_team_looks_at_all_its_collections_however_many(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "PAGE", 2)
    names = ["Autumn", "Autumn", "Autumn", "Spring~50%, for x", "Winter"]
    for name in names[::-1]:
        collecting.create(by=studio.author, team=studio.team, name=name)

    assert pages(studio) == [names[:2], names[2:4], names[4:]]


@pytest.mark.parametrize("after", ["none", "~", f"{UUID(int=1)}~a\0b", "ÿ" * 300])
def test_a_forged_beginning_is_no_error(studio: Studio, shared: Collection, after: str) -> None:
    page = browser(studio.viewer).get("/collections/", {"after": after})

    assert (page.status_code, "Autumn" in page.text) == (200, True)


def test_behind_the_last_collection_one_is_led_to_the_first(
    studio: Studio, shared: Collection
) -> None:
    page = browser(studio.viewer).get("/collections/", {"after": f"{uuid4()}~zzz"}).text

    assert "No more collections" in page
    assert "No collections yet" not in page


def test_images_of_a_collection_are_counted_no_further_than_that_is_cheap(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "COUNTED", 2)
    for name, number in (("Few", 2), ("Many", 3)):
        made = collecting.create(by=studio.author, team=studio.team, name=name)
        images = fill(studio.team, studio.author, number)
        collecting.add(by=studio.author, collection=made, images=[one.pk for one in images])

    few, many = shelves.of(team=studio.team, user=studio.viewer)

    assert (few.count, few.is_more) == (2, False)
    assert (many.count, many.is_more) == (2, True)
    assert "2+ images" in browser(studio.viewer).get("/collections/").text
