"""Favourites, the trash, collections and what is done to many images at once, as pages."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Role
from generations import shelves
from generations.models import Collection, Image, ReportReason, ShareLink, Visibility
from generations.services import collecting, moderation, sharing, trash
from generations.views import gallery, selected
from tests import factories
from tests.generations.views.studio import HTMX, Studio, browser, fill


@pytest.fixture
def images(studio: Studio) -> list[Image]:
    """Five of the author's, newest first."""
    return fill(studio.team, studio.author, 5)[::-1]


@pytest.fixture
def collection(studio: Studio, images: list[Image]) -> Collection:
    """All five, the oldest first."""
    made = collecting.create(by=studio.author, team=studio.team, name="Autumn")
    collecting.add(by=studio.author, collection=made, images=[one.pk for one in images[::-1]])
    return made


def tiles(page: str) -> list[UUID]:
    return [UUID(found) for found in re.findall(r'href="/i/([0-9a-f-]{36})/[?]', page)]


def send(client: Client, name: str, *images: Image, of: object = None, **form: object) -> Any:
    address = reverse(name, args=[of] if of else [])
    ids = [str(image.pk) for image in images]
    return client.post(address, {"image": ids, "next": "/team/", **form})


def test_a_heart_is_one_persons(studio: Studio, mine: Client, images: list[Image]) -> None:
    address = reverse("image-favourite", args=[images[1].pk])

    assert mine.post(address, {"on": "1", "next": "/team/"}).headers["Location"] == "/team/"
    assert tiles(mine.get("/favourites/").text) == [images[1].pk]
    assert "No favourites yet" in browser(studio.colleague).get("/favourites/").text
    mine.post(address, {"on": "0"})
    assert "No favourites yet" in mine.get("/favourites/").text


def test_a_heart_that_a_script_presses_needs_no_page(mine: Client, images: list[Image]) -> None:
    address = reverse("image-favourite", args=[images[0].pk])

    answer = mine.post(address, {"on": "1"}, headers=HTMX)

    assert (answer.status_code, answer.content) == (204, b"")
    assert 'value="0" aria-pressed="true"' in mine.get("/gallery/").text


def test_each_heart_says_whose_it_is(studio: Studio, mine: Client) -> None:
    for prompt in ("A heron", "A fox"):
        factories.stored_image(of=studio.team, by=studio.author, prompt=prompt)

    labels = re.findall(r'aria-label="(Favourite [^"]*)"', mine.get("/gallery/").text)

    assert labels == ["Favourite A fox", "Favourite A heron"]


def test_many_are_marked_at_once(mine: Client, images: list[Image]) -> None:
    send(mine, "images-favourite", *images[:3])

    assert tiles(mine.get("/favourites/").text) == [image.pk for image in images[:3]]


def test_what_was_thrown_away_can_be_had_back_from_the_same_page(
    mine: Client, images: list[Image]
) -> None:
    page = mine.post(
        reverse("images-trash"),
        {"image": [str(one.pk) for one in images[:2]], "next": "/gallery/"},
        follow=True,
    )
    assert "2 images moved to the trash." in page.text
    assert tiles(page.text) == [one.pk for one in images[2:]]

    assert "Undo" in page.text
    send(mine, "trash-restore", *images[:2])
    assert tiles(mine.get("/gallery/").text) == [one.pk for one in images]


def test_htmx_is_told_what_left_and_may_undo_it(mine: Client, images: list[Image]) -> None:
    form = {"image": str(images[0].pk)}

    said = mine.post(reverse("images-trash"), form, headers=HTMX).text

    assert 'data-happened="gone"' in said
    assert f'data-images="{images[0].pk} "' in said
    assert reverse("trash-restore") in said


def test_a_member_is_told_that_others_images_are_not_theirs_to_move(
    studio: Studio, images: list[Image]
) -> None:
    answer = browser(studio.colleague).post(
        reverse("images-trash"), {"image": str(images[0].pk)}, follow=True
    )

    assert selected.OTHERS in answer.text
    assert Image.objects.filter(trashed_at__isnull=True).count() == 5


def test_the_trash_says_when_what_is_gone(mine: Client, images: list[Image]) -> None:
    trash.throw_away(by=images[0].author, images=[images[0].pk])
    trash.throw_away(by=images[1].author, images=[images[1].pk])
    long_ago = timezone.now() - timedelta(days=20)
    Image.objects.filter(pk=images[0].pk).update(trashed_at=long_ago)

    page = mine.get("/trash/")

    assert tiles(page.text) == [images[1].pk, images[0].pk]
    labels = [label for label, _ in page.context["days"]]
    day = trash.gone_on(long_ago)
    assert labels[1] == f"Gone for good on {day.day} {day:%B %Y}"


@pytest.mark.parametrize("name", ["image", "image-file"])
def test_who_may_restore_an_image_may_look_at_it(
    studio: Studio, images: list[Image], name: str
) -> None:
    trash.throw_away(by=studio.author, images=[images[0].pk])
    address = reverse(name, args=[images[0].pk, *(["640"] if name == "image-file" else [])])
    people = (studio.author, studio.admin, studio.owner, studio.colleague, studio.viewer)

    answers = [browser(person).get(address).status_code for person in people]

    assert answers == [200, 200, 200, 404, 404]


def test_a_batch_says_what_became_of_its_images(mine: Client, images: list[Image]) -> None:
    trash.throw_away(by=images[0].author, images=[images[0].pk, images[1].pk])
    trash.delete(by=images[0].author, images=[images[1].pk])

    page = mine.get(reverse("request", args=[images[0].request_id])).text

    assert "In the trash" in page
    assert "Deleted for good" in page


def test_deleting_for_good_asks_first_and_says_how_many(mine: Client, images: list[Image]) -> None:
    trash.throw_away(by=images[0].author, images=[one.pk for one in images[:2]])

    asked = send(mine, "trash-delete", *images[:3])
    assert "Delete 2 images for good?" in asked.text
    assert Image.objects.in_trash_of(images[0].author).count() == 2

    assert send(mine, "trash-delete", *images[:2], sure="yes").status_code == 302
    assert not Image.objects.in_trash_of(images[0].author).exists()
    assert "2 images deleted for good." in mine.get("/trash/").text


def test_what_was_reported_is_not_deleted_and_that_is_said(
    studio: Studio, mine: Client, images: list[Image]
) -> None:
    moderation.report(by=studio.viewer, image=images[0], reason=ReportReason.OTHER)
    trash.throw_away(by=studio.author, images=[images[0].pk])

    send(mine, "trash-delete", images[0], sure="yes")

    assert "1 image was reported, and stays here" in mine.get("/trash/").text


def test_an_images_page_is_sent_the_chip_of_its_new_collection(
    mine: Client, images: list[Image]
) -> None:
    address, form = reverse("images-collect"), {"image": str(images[0].pk)}
    said = mine.post(address, form | {"name": "Autumn"}, headers=HTMX).text
    made = Collection.objects.get()
    again = mine.post(address, form | {"collection": str(made.pk)}, headers=HTMX).text

    chip = f'<a class="chip" href="{reverse("collection", args=[made.pk])}">'
    assert chip in said
    assert f'Already in <a href="{reverse("collection", args=[made.pk])}">Autumn</a>.' in again
    assert chip not in again


def test_a_collection_is_made_of_what_is_ticked(mine: Client, images: list[Image]) -> None:
    ids = [str(image.pk) for image in images[:2]]
    mine.post(reverse("images-collect"), {"image": ids, "name": "Autumn"})

    made = Collection.objects.get()
    assert made.name == "Autumn"
    page = mine.get(reverse("collection", args=[made.pk])).text
    assert tiles(page) == [one.pk for one in images[:2]]


def test_the_name_of_a_collection_that_is_there_means_that_one(
    studio: Studio, mine: Client, images: list[Image], collection: Collection
) -> None:
    hidden = collecting.create(by=studio.owner, team=studio.team, name="Mine", visibility="private")
    added = factories.stored_image(of=studio.team, by=studio.author)

    for name in ("autumn", "Mine"):
        mine.post(reverse("images-collect"), {"image": str(added.pk), "name": name})

    assert collection.items.count() == len(images) + 1
    assert not hidden.items.exists()
    assert Collection.objects.filter(name="Mine").count() == 2


def test_a_collection_is_found_by_a_part_of_its_name(studio: Studio, mine: Client) -> None:
    for name in ("Autumn boats", "Winter boats", "Faces"):
        collecting.create(by=studio.author, team=studio.team, name=name)
    collecting.create(by=studio.owner, team=studio.team, name="My boat", visibility="private")

    def found(name: str) -> list[str]:
        page = mine.get(reverse("collection-choices"), {"team": studio.team.slug, "name": name})
        return re.findall(r'<span class="grow truncate">([^<]*)</span>', page.text)

    assert found("BOAT") == ["Autumn boats", "Winter boats"]
    assert found("") == ["Autumn boats", "Faces", "Winter boats"]
    assert found("f\0aces") == ["Faces"]
    assert found("100 %") == []


def test_a_filter_that_offers_some_collections_leads_to_the_others(
    studio: Studio, mine: Client, images: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Autumn", "Winter"):
        collecting.create(by=studio.author, team=studio.team, name=name)
    assert "collections by name" not in mine.get("/gallery/").text

    monkeypatch.setattr(shelves, "MOST", 2)
    page = mine.get("/gallery/").text

    assert "The first 2 collections by name." in page
    assert f'<a class="link" href="{reverse("collections")}">The others</a>' in page
    assert "collections by name" not in mine.get("/trash/").text


def test_several_that_are_ticked_are_shared_as_a_collection_of_ones_own(
    mine: Client, client: Client, studio: Studio, images: list[Image]
) -> None:
    ids = [str(one.pk) for one in images]
    page = mine.post(reverse("images-share"), {"image": ids, "days": "7"})

    made = Collection.objects.get()
    assert (made.owner, made.visibility) == (studio.author, Visibility.PRIVATE)
    held = made.items.order_by("position").values_list("image_id", flat=True)
    assert [str(pk) for pk in held] == ids
    assert ShareLink.objects.get().collection == made
    [link] = set(re.findall(r"http://testserver(/s/[\w-]{43}/)", page.text))
    assert client.get(link).status_code == 200
    assert f'action="{reverse("collection-share", args=[made.pk])}"' in page.text


@pytest.mark.parametrize(("form", "status"), [({}, 200), ({"days": "no"}, 422)])
def test_who_ticks_several_and_makes_no_link_has_no_collection_of_them(
    mine: Client, images: list[Image], form: dict[str, str], status: int
) -> None:
    ids = [str(one.pk) for one in images]
    page = mine.post(reverse("images-share"), {"image": ids, "next": "/team/?q=fox", **form})

    assert page.status_code == status
    assert "Make a link to 5 images" in page.text
    assert re.findall(r'name="image" value="([^"]*)"', page.text) == ids
    assert '<a class="btn btn-ghost" href="/team/?q=fox" data-back>' in page.text
    assert not Collection.objects.exists()


def test_one_that_is_ticked_is_shared_by_itself(mine: Client, images: list[Image]) -> None:
    answer = mine.post(reverse("images-share"), {"image": str(images[0].pk)})
    assert answer.headers["Location"] == reverse("image-share", args=[images[0].pk])
    assert not Collection.objects.exists()


@pytest.mark.parametrize("form", [{}, {"collection": "nonsense"}, {"name": " "}])
def test_a_collection_must_be_chosen_or_named(
    mine: Client, images: list[Image], form: dict[str, str]
) -> None:
    answer = mine.post(reverse("images-collect"), {"image": str(images[0].pk), **form}, follow=True)

    assert "Choose a collection, or name a new one." in answer.text
    assert not Collection.objects.exists()


def test_a_collection_keeps_its_order_over_pages_and_from_image_to_image(
    mine: Client, images: list[Image], collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    address, found = reverse("collection", args=[collection.pk]), []
    while address:
        page = mine.get(address)
        found += tiles(page.text)
        address = page.context["next_url"]
    assert found == [one.pk for one in images[::-1]]

    second = mine.get(reverse("image", args=[images[3].pk]), {"wall": str(collection.pk)}).context
    assert str(images[4].pk) in second["previous_url"]
    assert str(images[2].pk) in second["next_url"]
    assert second["next_url"].endswith(f"?wall={collection.pk}")
    assert (second["back_label"], second["back_url"]) == (
        "Autumn",
        f"{reverse('collection', args=[collection.pk])}?around={images[3].pk}#{images[3].pk}",
    )


def test_images_are_arranged_taken_out_and_made_the_cover(
    mine: Client, images: list[Image], collection: Collection
) -> None:
    send(mine, "collection-arrange", images[0], of=collection.pk, to="first")
    send(mine, "collection-arrange", images[1], of=collection.pk, to="cover")
    send(mine, "collection-remove", images[2], of=collection.pk)

    shown = tiles(mine.get(reverse("collection", args=[collection.pk])).text)
    assert shown == [images[0].pk, images[4].pk, images[3].pk, images[1].pk]
    collection.refresh_from_db()
    assert collection.cover_id == images[1].pk
    assert reverse("image-file", args=[images[1].pk, "640"]) in mine.get("/collections/").text


def test_what_was_taken_out_is_put_back_where_it_was(
    mine: Client, images: list[Image], collection: Collection
) -> None:
    send(mine, "collection-arrange", images[2], of=collection.pk, to="cover")
    address = reverse("collection-remove", args=[collection.pk])
    gone = {"image": [str(images[n].pk) for n in (0, 2)]}

    said = mine.post(address, gone, headers=HTMX).text
    [taken] = re.findall(r'name="taken" value="([^"]*)"', said)
    undone = send(mine, "collection-arrange", of=collection.pk, to="back", taken=taken)

    assert 'data-happened="gone"' in said
    assert undone.status_code == 302
    shown = tiles(mine.get(reverse("collection", args=[collection.pk])).text)
    assert shown == [one.pk for one in images[::-1]]
    collection.refresh_from_db()
    assert collection.cover_id == images[2].pk


@pytest.mark.parametrize("to", ["first", "last", "after"])
def test_what_was_moved_goes_back_to_where_it_stood(
    mine: Client, images: list[Image], collection: Collection, to: str
) -> None:
    address = reverse("collection-arrange", args=[collection.pk])
    moved = {"image": str(images[2].pk), "to": to, "beside": str(images[0].pk)}

    said = mine.post(address, moved, headers=HTMX).text
    [taken] = re.findall(r'name="taken" value="([^"]*)"', said)
    undone = mine.post(address, {"to": "back", "taken": taken}, headers=HTMX).text

    assert "1 image moved." in said
    assert 'data-happened="unmoved"' in undone
    assert "1 image put back." in undone
    shown = tiles(mine.get(reverse("collection", args=[collection.pk])).text)
    assert shown == [one.pk for one in images[::-1]]


@pytest.mark.parametrize("taken", ["", "nonsense", "another's"])
def test_nobody_invents_what_was_taken_out(
    mine: Client, images: list[Image], collection: Collection, taken: str
) -> None:
    if taken == "another's":
        said = {"places": {str(images[0].pk): 1}, "cover": ""}
        taken = signing.dumps(said, salt=str(images[0].pk))

    answer = send(mine, "collection-arrange", of=collection.pk, to="back", taken=taken)

    assert answer.status_code == 400


def test_only_an_image_of_the_collection_is_made_its_cover(
    studio: Studio, mine: Client, collection: Collection
) -> None:
    elsewhere = factories.stored_image(of=studio.team, by=studio.author)

    for ticked in ([], [elsewhere]):
        answer = send(mine, "collection-arrange", *ticked, of=collection.pk, to="cover")
        assert answer.status_code == 404


def test_a_collection_that_a_link_shows_says_so_where_one_looks_and_adds(
    studio: Studio, images: list[Image], collection: Collection
) -> None:
    colleague = browser(studio.colleague)
    pages = [f"/collections/{collection.pk}/", "/team/", f"/i/{images[0].pk}/"]
    assert not any("Shared by link" in colleague.get(page).text for page in pages)

    sharing.share(by=studio.author, what=collection, terms=sharing.Terms())

    assert all("Shared by link" in colleague.get(page).text for page in pages)
    assert "without an account" in colleague.get(pages[0]).text


def test_an_image_is_dropped_beside_another(
    mine: Client, images: list[Image], collection: Collection
) -> None:
    place = {"to": "after", "beside": str(images[3].pk)}
    answer = send(mine, "collection-arrange", images[0], of=collection.pk, **place)

    assert answer.headers["Location"] == "/team/"
    shown = tiles(mine.get(reverse("collection", args=[collection.pk])).text)
    assert shown == [images[n].pk for n in (4, 3, 0, 2, 1)]


def test_a_drop_beside_what_was_taken_out_is_refused_in_words(
    mine: Client, images: list[Image], collection: Collection
) -> None:
    send(mine, "collection-remove", images[1], of=collection.pk)
    address = reverse("collection-arrange", args=[collection.pk])
    place = {"image": str(images[0].pk), "to": "before", "beside": str(images[1].pk)}

    said = mine.post(address, place, headers=HTMX).text

    assert "Nothing was moved; load the page again." in said
    assert 'data-happened=""' in said


@pytest.mark.parametrize("beside", [{}, {"beside": "nonsense"}])
def test_a_drop_says_beside_which_image(
    mine: Client, images: list[Image], collection: Collection, beside: dict[str, str]
) -> None:
    answer = send(mine, "collection-arrange", images[0], of=collection.pk, to="before", **beside)

    assert answer.status_code == 400


def test_there_is_no_other_place_to_move_to(
    mine: Client, images: list[Image], collection: Collection
) -> None:
    answer = send(mine, "collection-arrange", images[0], of=collection.pk, to="elsewhere")

    assert answer.status_code == 400


def test_a_viewer_looks_at_collections_and_finds_nothing_to_press(
    studio: Studio, collection: Collection
) -> None:
    client = browser(studio.viewer)

    for page in ("/collections/", reverse("collection", args=[collection.pk])):
        text = client.get(page).text
        assert "Autumn" in text
        assert "collection-arrange" not in text
        assert "New collection" not in text


def test_whoever_may_share_a_collection_finds_the_way_though_another_manages_it(
    studio: Studio, collection: Collection
) -> None:
    page, way = (reverse(name, args=[collection.pk]) for name in ("collection", "collection-share"))
    for person in (studio.author, studio.admin, studio.colleague, studio.viewer):
        client = browser(person)
        text, may = client.get(page).text, person != studio.viewer
        assert (f'href="{way}"' in text) is may
        assert (client.get(way).status_code == 200) is may
        assert ('id="collection-settings"' in text) is (person in {studio.author, studio.admin})


def test_a_collection_of_another_team_offers_what_one_may_do_there(
    studio: Studio, mine: Client, collection: Collection, images: list[Image]
) -> None:
    home = factories.team(name="Home")
    Membership.objects.create(team=home, user=studio.author, role=Role.VIEWER)
    collecting.create(by=factories.owner_of(home), team=home, name="Of the other team")
    mine.post(reverse("team-switch"), {"team": home.slug})

    page = mine.get(reverse("collection", args=[collection.pk]))

    assert page.context["team"] == studio.team
    assert page.context["collections"] == [collection]
    assert 'data-does="collect"' in page.text
    assert "Of the other team" not in page.text
    assert f'name="team" value="{studio.team.slug}"' in page.text


def test_a_name_that_is_missing_is_said_at_its_field(mine: Client, collection: Collection) -> None:
    answer = mine.post("/collections/", {"name": "", "visibility": "team"})
    assert answer.status_code == 422
    assert 'id="collection_name_error"' in answer.text

    address = reverse("collection-settings", args=[collection.pk])
    assert mine.post(address, {"name": "", "visibility": "team"}).status_code == 422
    mine.post(address, {"name": "Winter", "visibility": "private"})
    collection.refresh_from_db()
    assert (collection.name, collection.visibility) == ("Winter", Visibility.PRIVATE)


def test_a_deleted_collection_leaves_its_images(
    mine: Client, images: list[Image], collection: Collection
) -> None:
    answer = mine.post(reverse("collection-delete", args=[collection.pk]), follow=True)

    assert "Its images stay in the gallery." in answer.text
    assert len(tiles(mine.get("/gallery/").text)) == len(images)


def test_no_form_sends_anybody_to_another_site(mine: Client, images: list[Image]) -> None:
    for wanted in ("https://example.com/", "//example.com/", "javascript:alert(1)", "team/"):
        answer = send(mine, "images-favourite", images[0], next=wanted)
        assert answer.headers["Location"] == "/gallery/"


@pytest.mark.parametrize("ids", [[], ["nonsense"], ["0192f000-0000-7000-8000-000000000000"]])
def test_nothing_ticked_that_is_there_is_not_found(mine: Client, ids: list[str]) -> None:
    for name in ("images-favourite", "images-trash", "images-collect", "trash-restore"):
        assert mine.post(reverse(name), {"image": ids, "name": "A"}).status_code == 404


def test_more_than_can_be_ticked_is_refused(
    mine: Client, images: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selected, "AT_ONCE", 2)

    assert send(mine, "images-favourite", *images[:3]).status_code == 400


def test_what_goes_on_a_day_completes_the_row_above(
    mine: Client, images: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    first = mine.get("/gallery/")
    more = mine.get(first.context["next_url"], headers=HTMX).text

    assert f'id="end-{images[1].pk}"' in first.text
    assert f"beforebegin:[id='end-{images[1].pk}']" in more
    assert f'id="end-{images[3].pk}"' in more


def test_a_page_hears_how_many_images_came_in_above(
    studio: Studio, mine: Client, images: list[Image]
) -> None:
    began = {"newer": str(images[0].pk)}
    assert "new image" not in mine.get("/team/", began, headers=HTMX).text

    factories.stored_image(of=studio.team, by=studio.colleague)
    factories.stored_image(of=studio.team, by=studio.colleague)

    assert "2 new images" in mine.get("/team/", began, headers=HTMX).text
    assert "new image" not in mine.get("/gallery/", began, headers=HTMX).text


@pytest.mark.parametrize(
    "after",
    [
        "nonsense",
        "\0",
        "2020-01-01",
        "2020-01-01~x",
        "9" * 30,
        "2026-01-01T00:00:00+20:00~0192f000-0000-7000-8000-000000000000",
        "0001-01-01T00:00:00+20:00~0192f000-0000-7000-8000-000000000000",
    ],
)
def test_a_forged_cursor_is_no_error(mine: Client, collection: Collection, after: str) -> None:
    for address in ("/trash/", "/favourites/", reverse("collection", args=[collection.pk])):
        assert mine.get(address, {"after": after}).status_code == 200


def test_who_may_only_look_edits_no_collection(studio: Studio, collection: Collection) -> None:
    assert list(Collection.objects.editable_by(studio.owner)) == [collection]
    assert not Collection.objects.editable_by(studio.viewer)


def test_a_wall_goes_on_with_its_own_team_after_another_was_chosen_in_another_tab(
    studio: Studio, mine: Client
) -> None:
    shown = factories.stored_image(of=studio.team, by=studio.colleague)
    page = mine.get("/team/").text
    assert f'hx-headers=\'{{"Darkroom-Team": "{studio.team.slug}"}}\'' in page
    other = factories.team(owner=studio.author)
    foreign = factories.stored_image(of=other, by=studio.author)
    mine.post(reverse("team-switch"), {"team": other.slug})
    assert str(foreign.pk) in mine.get("/team/").text

    found = mine.get("/team/?q=lighthouse", headers=HTMX | {"Darkroom-Team": studio.team.slug}).text

    assert str(shown.pk) in found
    assert str(foreign.pk) not in found
    elsewhere = HTMX | {"Darkroom-Team": "northern-lights"}
    assert mine.get("/team/?q=lighthouse", headers=elsewhere).status_code == 404
