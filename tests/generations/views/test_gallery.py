"""My images and the team's gallery: what is in them, page by page, day by day."""

import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from generations.models import Image, Visibility
from generations.services import trash
from generations.views import gallery
from tests import factories
from tests.generations.views.studio import HTMX, Studio, browser, fill, places_of


def tiles(page: str) -> list[UUID]:
    return [UUID(found) for found in re.findall(r'href="/i/([0-9a-f-]{36})/[?"]', page)]


def every_page(client: Client, address: str) -> list[str]:
    pages = []
    while address:
        response = client.get(address)
        pages.append(response.text)
        address = response.context["next_url"]
    return pages


def test_my_images_are_mine_in_this_team_newest_first(studio: Studio, mine: Client) -> None:
    private = Visibility.PRIVATE
    older = factories.stored_image(of=studio.team, by=studio.author)
    newer = factories.stored_image(of=studio.team, by=studio.author, visibility=private)
    factories.stored_image(of=studio.team, by=studio.colleague)
    factories.stored_image(of=factories.team(owner=studio.author))

    response = mine.get("/gallery/")

    assert tiles(response.text) == [newer.pk, older.pk]
    assert response.context["count"] == 2


def test_the_teams_gallery_is_everybodys_without_others_private_ones(studio: Studio) -> None:
    private = Visibility.PRIVATE
    shared = factories.stored_image(of=studio.team, by=studio.colleague)
    factories.stored_image(of=studio.team, by=studio.colleague, visibility=private)
    own = factories.stored_image(of=studio.team, by=studio.author, visibility=private)
    factories.stored_image()

    assert tiles(browser(studio.author).get("/team/").text) == [own.pk, shared.pk]
    assert tiles(browser(studio.owner).get("/team/").text) == [shared.pk]


def test_the_teams_gallery_says_who_made_what(studio: Studio) -> None:
    studio.author.name = "Mara Maker"
    studio.author.save()
    factories.stored_image(of=studio.team, by=studio.author)

    assert "Mara Maker</span>" in browser(studio.colleague).get("/team/").text
    assert "Mara Maker</span>" not in browser(studio.author).get("/gallery/").text


def test_what_is_not_stored_yet_is_not_in_a_gallery(studio: Studio, mine: Client) -> None:
    factories.answered(factories.request(of=studio.team, by=studio.author))

    assert "No images yet" in mine.get("/gallery/").text
    assert "No images yet" in mine.get("/team/").text


def test_pages_follow_each_other_without_a_gap_or_a_double(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 3)
    images = fill(studio.team, studio.author, 7)

    pages = [tiles(page) for page in every_page(mine, "/gallery/")]

    assert [len(page) for page in pages] == [3, 3, 1]
    assert list(chain(*pages)) == [image.pk for image in reversed(images)]


def test_a_page_stays_the_same_while_newer_images_arrive(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    fill(studio.team, studio.author, 4)
    second = mine.get("/gallery/").context["next_url"]
    before = tiles(mine.get(second).text)

    factories.stored_image(of=studio.team, by=studio.author)

    assert tiles(mine.get(second).text) == before


def test_a_full_last_page_promises_no_other(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 3)
    fill(studio.team, studio.author, 3)

    assert mine.get("/gallery/").context["next_url"] == ""


@pytest.mark.parametrize("cursor", ["", "nonsense", "\0", "0192f000-0000-7000-8000-000000000000"])
@pytest.mark.parametrize("name", ["after", "around"])
def test_a_forged_place_to_go_on_from_is_no_error(mine: Client, name: str, cursor: str) -> None:
    assert mine.get("/gallery/", {name: cursor}).status_code == 200


def test_from_deep_in_a_wall_one_comes_back_to_where_the_image_hangs(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 4)
    images = fill(studio.team, studio.author, 12)[::-1]
    ids = [image.pk for image in images]

    for wall, address in places_of(studio, images).items():
        back = mine.get(f"/i/{ids[7]}/", {"wall": wall}).context["back_url"]
        assert back == f"{address}?around={ids[7]}#{ids[7]}"
        page = mine.get(back.partition("#")[0])
        assert tiles(page.text) == ids[5:9]
        assert f'id="{ids[7]}"' in page.text
        above = page.context["above_url"]
        assert above == f"{address}?around={ids[5]}#{ids[5]}"
        assert tiles(mine.get(above.partition("#")[0]).text) == ids[3:7]


def test_out_of_the_trash_one_comes_back_to_it_too(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    images = fill(studio.team, studio.author, 6)
    for image in images:
        trash.throw_away(by=studio.author, images=[image.pk])

    page = mine.get(mine.get(f"/i/{images[1].pk}/").context["back_url"].partition("#")[0])

    assert tiles(page.text) == [images[2].pk, images[1].pk]


@pytest.mark.parametrize("query", ["", "q=lighthouse&"])
def test_an_image_of_the_first_page_leads_back_to_all_of_that_page(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 4)
    ids = [image.pk for image in fill(studio.team, studio.author, 12)[::-1]]

    page = mine.get(f"/team/?{query}around={ids[3]}")

    assert tiles(page.text) == ids[:4]
    assert page.context["above_url"] == ""
    assert 'id="arrivals"' in page.text


def test_a_page_that_begins_further_down_leads_up_and_counts_no_arrivals(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    fill(studio.team, studio.author, 5)
    first = mine.get("/team/?q=lighthouse")

    second = mine.get(first.context["next_url"])

    assert 'id="arrivals"' in first.text
    assert 'id="arrivals"' not in second.text
    assert re.search(r'href="/team/\?q=lighthouse">Newest</a>', second.text)
    assert "Newer images" in second.text
    assert "Newest" not in mine.get("/team/?after=nonsense").text


def test_load_more_gets_the_wall_alone(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    fill(studio.team, studio.author, 3)
    more = mine.get("/gallery/").context["next_url"]

    page = mine.get(more, headers=HTMX).text

    assert "<html" not in page
    assert len(tiles(page)) == 1


@pytest.mark.parametrize(
    ("ago", "label"),
    [(0, "Today"), (1, "Yesterday"), (2, None), (400, None)],
)
def test_images_stand_under_their_day(
    studio: Studio, mine: Client, ago: int, label: str | None
) -> None:
    day = timezone.now() - timedelta(days=ago)
    fill(studio.team, studio.author, 2, on=day)

    [(shown, images)] = mine.get("/gallery/").context["days"]

    plain = f"{day:%A} {day.day} {day:%B}" if ago < 100 else f"{day.day} {day:%B} {day.year}"
    assert shown == (label or plain)
    assert len(images) == 2


def test_days_come_newest_first(studio: Studio, mine: Client) -> None:
    for day in (9, 8):
        fill(studio.team, studio.author, 1, on=datetime(2020, 5, 17 - day, tzinfo=UTC))

    labels = [label for label, _ in mine.get("/gallery/").context["days"]]

    assert labels == ["9 May 2020", "8 May 2020"]


def test_a_day_that_goes_on_over_pages_is_named_once(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    fill(studio.team, studio.author, 2, on=datetime(2020, 5, 8, tzinfo=UTC))
    fill(studio.team, studio.author, 3, on=datetime(2020, 5, 9, tzinfo=UTC))
    more = mine.get("/gallery/").context["next_url"]

    assert "8 May 2020" in mine.get(more, headers=HTMX).text
    assert "9 May 2020" not in mine.get(more, headers=HTMX).text
    assert "9 May 2020" in mine.get(more).text


def test_every_tile_keeps_its_place_before_its_picture_arrives(
    studio: Studio, mine: Client
) -> None:
    image = factories.stored_image(of=studio.team, by=studio.author)
    Image.objects.update(placeholder="data:image/webp;base64,UklGRg==")

    page = mine.get("/gallery/").text

    assert "--ar: 1.3333" in page
    assert "url(data:image/webp;base64,UklGRg==)" in page
    for name in ("320", "640"):
        assert f"/i/{image.pk}/file/{name}/ {name}w" in page
