"""What menus and pages say of a team's collections."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Role, User
from generations import shelves
from generations.models import Collection, Image, ShareLink, Visibility
from generations.services import collecting, sharing
from generations.services.sharing import Terms
from tests import factories
from tests.generations.views.studio import Studio, open_studio

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
    around = shelves.names_around(image, user=studio.author)
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
