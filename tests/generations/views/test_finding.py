"""Searching and filtering a wall: it is all in the address, with and without htmx."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from generations.models import (
    Collection,
    CollectionItem,
    Favourite,
    Image,
    ReportReason,
    Visibility,
)
from generations.services import moderation
from generations.views import gallery
from tests import factories
from tests.generations.views.studio import HTMX, Studio, browser, hide

HOSTILE = ["'", "\\", "\0", "a' OR 1=1", "((", ":*", "%s", "x" * 3000, "<script>", "🦊", "-", '"']
FAR_OFF = ["0001-01-01", "0026-11-01", "1960-01-01", "1969-12-31", "9999-12-30", "9999-12-31"]


def shown(client: Client, address: str) -> list[str]:
    return re.findall(r'alt="([^"]+)"', client.get(address).text)


def made(studio: Studio, *prompts: str) -> list[Image]:
    return [factories.stored_image(of=studio.team, by=studio.author, prompt=p) for p in prompts]


@pytest.mark.parametrize("address", ["/gallery/", "/team/"])
def test_a_wall_is_searched_by_its_prompts(studio: Studio, mine: Client, address: str) -> None:
    made(studio, "A quiet harbour", "A fox", "Two foxes")

    assert shown(mine, f"{address}?q=fox") == ["Two foxes", "A fox"]


def test_while_one_types_only_what_is_found_comes(studio: Studio, mine: Client) -> None:
    made(studio, "A fox", "A heron")

    found = mine.get("/team/?q=fox", headers=HTMX | {"HX-Target": "found"}).text

    assert found.count('class="tile"') == 1
    assert 'id="selection"' in found
    assert re.search(r'id="count" hx-swap-oob="true">\s*1\b', found)
    assert "<html" not in found


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize(
    "name",
    ["q", "person", "model", "shape", "seed", "since", "until", "collection", "moderation"],
)
def test_hostile_input_is_no_error(mine: Client, name: str, words: str) -> None:
    assert mine.get("/team/", {name: words}).status_code == 200


@pytest.mark.parametrize("day", FAR_OFF)
def test_a_day_far_off_leaves_all_or_nothing(studio: Studio, mine: Client, day: str) -> None:
    made(studio, "A fox")
    is_past = day < "2000"

    assert len(shown(mine, f"/gallery/?since={day}")) == is_past
    assert len(shown(mine, f"/gallery/?until={day}")) == (not is_past)


def test_filters_combine(studio: Studio, mine: Client) -> None:
    first, second = made(studio, "A fox", "A fox")
    Favourite.objects.create(user=studio.author, image=first)
    kept = Collection.objects.create(team=studio.team, owner=studio.author, name="Foxes")
    for place, image in enumerate((first, second)):
        CollectionItem.objects.create(
            collection=kept, image=image, position=place, added_by=studio.author
        )
    address = f"/team/?q=fox&collection={kept.pk}&person={studio.author.pk}&seed=7"

    assert len(shown(mine, address)) == 2
    assert len(shown(mine, f"{address}&favourite=on")) == 1
    assert shown(mine, f"{address}&shape=portrait") == []


def test_who_left_the_team_is_still_somebody_to_filter_by(studio: Studio, mine: Client) -> None:
    made(studio, "A fox")
    factories.stored_image(of=studio.team, by=studio.colleague, prompt="A heron")
    studio.colleague.memberships.filter(team=studio.team).delete()

    assert shown(mine, f"/team/?person={studio.colleague.pk}") == ["A heron"]


def test_each_filter_is_a_chip_that_takes_itself_away(studio: Studio, mine: Client) -> None:
    made(studio, "A fox")

    chips = mine.get("/team/?q=fox&shape=landscape&since=2026-01-02&favourite=on").context["chips"]

    labels = {chip.label: parse_qs(chip.query).keys() for chip in chips}
    assert labels == {
        "“fox”": {"shape", "since", "favourite"},
        "Landscape": {"q", "since", "favourite"},
        "From 2 Jan 2026": {"q", "shape", "favourite"},
        "Favourites": {"q", "shape", "since"},
    }


def test_what_is_suggested_goes_with_what_is_chosen(studio: Studio, mine: Client) -> None:
    page = mine.get("/team/?q=fox").context

    assert page["suggestions"]
    assert all(parse_qs(chip.query)["q"] == ["fox"] for chip in page["suggestions"])


def test_nothing_found_says_so_and_leads_back(studio: Studio, mine: Client) -> None:
    made(studio, "A fox")

    page = html.unescape(mine.get("/gallery/?q=harbour").text)

    assert "Nothing matches" in page
    assert "“harbour”" in page
    assert "No images yet" not in page


def test_a_value_that_is_refused_is_said_and_the_rest_counts(studio: Studio, mine: Client) -> None:
    made(studio, "A fox", "A hare")

    page = mine.get("/gallery/?q=fox&seed=many")

    assert page.context["form"].complaints() == ["Seed: Enter a whole number."]
    assert "Seed: Enter a whole number." in page.text
    assert page.context["count"] == 1


def test_more_of_a_search_stays_in_it(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    made(studio, "A fox", "A hare", "A fox", "A fox")
    address = mine.get("/team/?q=fox&shape=landscape").context["next_url"]

    assert parse_qs(urlsplit(address).query).keys() == {"q", "shape", "after"}
    more = mine.get(address, headers=HTMX).text
    assert re.findall(r'alt="([^"]+)"', more) == ["A fox"]


def test_an_images_neighbours_and_the_way_back_keep_the_search(
    studio: Studio, mine: Client
) -> None:
    oldest, _, newest = made(studio, "A fox", "A hare", "A fox")
    [link] = re.findall(rf'href="(/i/{newest.pk}/[^"]*)"', mine.get("/team/?q=fox").text)

    page = mine.get(html.unescape(link)).context

    assert page["next_url"] == f"{reverse('image', args=[oldest.pk])}?wall=team&q=fox"
    assert page["back_url"].startswith("/team/?q=fox&around=")
    assert page["back_label"] == "Team gallery"


@pytest.mark.parametrize("wall", ["nonsense", "", "\0", "mine"])
def test_a_wall_that_is_not_there_is_the_usual_one(studio: Studio, mine: Client, wall: str) -> None:
    [image] = made(studio, "A fox")

    address = reverse("image", args=[image.pk])

    assert mine.get(address, {"wall": wall}).context["back_label"] == "My images"
    theirs = browser(studio.colleague).get(address, {"wall": wall})
    assert theirs.context["back_label"] == "Team gallery"


def test_a_collection_of_others_is_no_choice(studio: Studio, mine: Client) -> None:
    theirs = Collection.objects.create(
        team=studio.team, owner=studio.owner, name="Secret", visibility="private"
    )

    page = mine.get(f"/team/?collection={theirs.pk}")

    assert "Secret" not in page.text
    assert "collection" not in page.context["form"].chosen


@pytest.fixture
def reported(studio: Studio) -> Image:
    """One of the author's two, reported by somebody who only looks on."""
    image, _ = made(studio, "A fox", "A heron")
    words, reason = "It is my own fox", ReportReason.RIGHTS
    moderation.report(by=studio.viewer, image=image, reason=reason, words=words)
    return image


def test_authors_and_admins_find_what_was_reported_of_theirs(
    studio: Studio, reported: Image
) -> None:
    address = "/team/?moderation=reported"
    seeing = (studio.author, studio.admin, studio.owner, studio.colleague, studio.viewer)

    found = [shown(browser(person), address) for person in seeing]

    assert found == [["A fox"]] * 3 + [[]] * 2
    assert shown(browser(studio.author), "/gallery/?moderation=reported") == ["A fox"]
    assert shown(browser(studio.author), "/gallery/?moderation=decided") == []


def test_nobody_learns_from_a_wall_who_reported(studio: Studio, reported: Image) -> None:
    for person in (studio.author, studio.owner):
        page = browser(person).get("/team/?moderation=reported").text
        [wall] = re.findall(r'<ul class="wall">.*?</ul>', page, re.DOTALL)
        assert "A fox" in wall
        assert studio.viewer.display_name not in wall
        assert "my own fox" not in page


def test_staff_find_whatever_was_reported(studio: Studio, reported: Image) -> None:
    User.objects.filter(pk=studio.colleague.pk).update(is_staff=True)

    assert shown(browser(studio.colleague), "/team/?moderation=reported") == ["A fox"]


def test_authors_and_admins_find_what_was_hidden_of_theirs_and_why(
    studio: Studio, reported: Image
) -> None:
    hide(studio, reported, "Somebody else's fox")
    secret = factories.stored_image(of=studio.team, by=studio.author, visibility=Visibility.PRIVATE)
    hide(studio, secret, "Gore")
    address = "/team/?moderation=hidden"

    pages = {
        person: browser(person).get(address).text
        for person in (studio.author, studio.admin, studio.colleague, studio.viewer)
    }

    for person, page in pages.items():
        assert ("Somebody else&#x27;s fox" in page) == (person in {studio.author, studio.admin})
        assert ("Gore" in page) == (person == studio.author)
        assert reverse("image", args=[reported.pk]) not in page
    assert "Gore" in browser(studio.author).get("/gallery/?moderation=hidden").text
    assert "Somebody" not in browser(studio.admin).get("/gallery/?moderation=hidden").text
    assert shown(browser(studio.author), "/gallery/") == ["A heron"]


@pytest.mark.parametrize("state", ["reported", "decided", "hidden"])
def test_what_became_of_ones_own_takes_no_more_queries(
    mine: Client, reported: Image, state: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(8):
        mine.get("/team/", {"moderation": state, "q": "fox"})


@pytest.mark.parametrize("address", ["/favourites/", "/trash/"])
def test_other_walls_ask_for_no_state(mine: Client, reported: Image, address: str) -> None:
    page = mine.get(address, {"moderation": "hidden"})

    assert "moderation" not in page.context["form"].fields


def test_a_large_wall_is_not_counted_to_its_end(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.services.walls.COUNTED", 2)
    made(studio, *["A fox"] * 4)

    for address in ("/gallery/", "/gallery/?q=fox"):
        page = mine.get(address)
        assert (page.context["count"], page.context["is_more"]) == (2, True)
        assert "2+<" in page.text


@pytest.mark.parametrize("of", ["", "q=fox", "q=fox&person={0}&model=flux/dev&shape=landscape"])
def test_a_page_takes_as_many_queries_however_it_is_filtered(
    studio: Studio, mine: Client, of: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    [image, *_] = made(studio, "A fox", "A fox")
    query = of.format(studio.author.pk)

    with django_assert_max_num_queries(8):
        mine.get(f"/team/?{query}")
    with django_assert_max_num_queries(7):
        mine.get(f"/team/?{query}&after={image.pk}", headers=HTMX)
