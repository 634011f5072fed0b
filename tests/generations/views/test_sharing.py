"""Making links and taking them back, as members and owners do."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from generations.models import Image, ShareLink, Visibility
from generations.services import collecting, sharing
from generations.services.sharing import Terms
from generations.views import sharing as sharing_pages
from tests import factories
from tests.generations.views.studio import Studio, browser

LINK = re.compile(r"http://testserver(/s/[\w-]{43}/)")


@pytest.fixture
def image(studio: Studio) -> Image:
    return factories.stored_image(of=studio.team, by=studio.author, prompt="A heron")


def address(image: Image) -> str:
    return reverse("image-share", args=[image.pk])


def test_a_link_is_shown_once_and_works(mine: Client, client: Client, image: Image) -> None:
    page = mine.post(address(image), {"days": "7"})

    [link] = set(LINK.findall(page.text))
    assert client.get(link).status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert not LINK.search(mine.get(address(image)).text)
    assert not LINK.search(mine.get("/links/").text)


def test_what_was_chosen_is_what_the_link_does(mine: Client, image: Image) -> None:
    form = {"days": "1", "max_views": "3", "password": "open sesame", "shows_prompt": "on"}

    page = mine.post(address(image), form)

    link = ShareLink.objects.get()
    assert (link.max_views, link.shows_prompt, link.keeps_metadata) == (3, True, False)
    assert (link.expires_at - link.created_at).total_seconds() == pytest.approx(86_400, abs=60)
    assert link.has_password
    assert "open sesame" not in page.text


def test_the_form_begins_with_thirty_days_and_nothing_given_away(
    mine: Client, image: Image
) -> None:
    form = mine.get(address(image)).context["form"]

    assert form["days"].value() == 30
    assert not form["shows_prompt"].value()
    assert not form["keeps_metadata"].value()


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "days"),
        ({"days": "2"}, "days"),
        ({"days": "9999"}, "days"),
        ({"days": "7", "max_views": "0"}, "max_views"),
        ({"days": "7", "max_views": "many"}, "max_views"),
        ({"days": "7", "password": "short"}, "password"),
    ],
)
def test_a_mistake_is_said_next_to_its_field(
    mine: Client, image: Image, form: dict[str, str], field: str
) -> None:
    page = mine.post(address(image), form)

    assert page.status_code == 422
    assert f'id="id_{field}_error"' in page.text
    assert not ShareLink.objects.exists()


def test_a_viewer_makes_no_link_and_is_offered_none(studio: Studio, image: Image) -> None:
    client = browser(studio.viewer)

    assert client.post(address(image), {"days": "7"}).status_code == 403
    assert address(image) not in client.get(reverse("image", args=[image.pk])).text


def test_a_collection_is_shared_like_an_image(studio: Studio, mine: Client, image: Image) -> None:
    collection = collecting.create(by=studio.author, team=studio.team, name="Autumn")
    collecting.add(by=studio.author, collection=collection, images=[image.pk])

    page = mine.post(reverse("collection-share", args=[collection.pk]), {"days": "7"})

    assert LINK.search(page.text)
    assert ShareLink.objects.get().collection == collection


def test_members_see_their_own_links_and_owners_everybodys(studio: Studio, image: Image) -> None:
    for by in (studio.author, studio.colleague):
        sharing.share(by=by, what=image, terms=Terms(max_views=5))

    assert len(browser(studio.author).get("/links/").context["links"]) == 1
    assert len(browser(studio.owner).get("/links/").context["links"]) == 2
    assert "0 of 5" in browser(studio.owner).get("/links/").text


def test_owners_are_told_of_a_link_to_what_is_private_but_not_what_it_shows(
    studio: Studio, mine: Client
) -> None:
    private = Visibility.PRIVATE
    image = factories.stored_image(
        of=studio.team, by=studio.author, prompt="A surprise", visibility=private
    )
    collection = collecting.create(
        by=studio.author, team=studio.team, name="Farewell gifts", visibility=private
    )
    for what in (image, collection):
        sharing.share(by=studio.author, what=what, terms=Terms())

    theirs, own = browser(studio.owner).get("/links/").text, mine.get("/links/").text

    for private_words in ("A surprise", "Farewell gifts"):
        assert private_words not in theirs
        assert private_words in own
    for words in ("A private image", "A private collection"):
        assert words in theirs
        assert words not in own


def test_a_link_is_taken_back(studio: Studio, mine: Client, client: Client, image: Image) -> None:
    link, secret = sharing.share(by=studio.author, what=image, terms=Terms())
    revoke = reverse("share-revoke", args=[link.pk])
    assert client.get(f"/s/{secret}/").status_code == 200

    assert browser(studio.colleague).post(revoke).status_code == 404
    page = mine.post(revoke, {"team": studio.team.slug}, follow=True)

    assert "shows nothing any more" in page.text
    assert "Taken back" in page.text
    assert client.get(f"/s/{secret}/").status_code == 404


def test_the_page_of_links_asks_the_database_no_more_for_many(
    studio: Studio, mine: Client, image: Image, django_assert_max_num_queries: object
) -> None:
    for _ in range(9):
        sharing.share(by=studio.author, what=image, terms=Terms())
    mine.get("/links/")

    with django_assert_max_num_queries(8):  # type: ignore[operator]  # pytest-django's
        mine.get("/links/")


def test_links_are_shown_a_page_at_a_time_down_to_the_first(
    studio: Studio, mine: Client, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing_pages, "PAGE", 2)
    made = [sharing.share(by=studio.author, what=image, terms=Terms())[0] for _ in range(5)]
    address, pages = "/links/", []

    while address:
        page = mine.get(address)
        pages.append(list(page.context["links"]))
        further = re.search(r'href="([^"]*before=[^"]*)"', page.text)
        address = further[1] if further else ""

    made.reverse()
    assert pages == [made[:2], made[2:4], made[4:]]
    assert list(mine.get("/links/?before=none").context["links"]) == made[:2]
    assert "No older links" in mine.get(f"/links/?before={made[-1].pk}").text
