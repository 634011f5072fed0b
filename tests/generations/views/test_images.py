"""An image's page, its files, and reporting it."""

from itertools import pairwise
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import permissions
from accounts.models import Membership, Role
from accounts.permissions import Permission
from generations import storage
from generations.models import Image, Report, Visibility
from generations.services import collecting, images
from tests import factories
from tests.generations.views.studio import Studio, browser

SIZES = ("320", "640", "1280")


@pytest.fixture
def picture() -> bytes:
    return factories.picture((1400, 700))


@pytest.fixture
def image(studio: Studio, picture: bytes) -> Image:
    made = factories.stored_image(of=studio.team, by=studio.author, prompt="A heron", data=picture)
    images.make_renditions(made.pk)
    return Image.objects.get(pk=made.pk)


def page_of(image: Image) -> str:
    return reverse("image", args=[image.pk])


def file_of(image: Image, name: str = "original") -> str:
    return reverse("image-file", args=[image.pk, name])


def test_the_page_says_what_made_the_image_and_what_it_cost(mine: Client, image: Image) -> None:
    page = mine.get(page_of(image)).text

    for words in ("A heron", "FLUX.1 [dev]", "AIML API", "1400 × 700", "3.3", "Seed", ">7<"):
        assert words in page
    assert file_of(image, "1280") in page


def test_what_others_images_cost_is_told_to_whom_their_receipts_are(
    studio: Studio, image: Image
) -> None:
    told = (studio.author, studio.owner, studio.admin)

    for person in (*told, studio.colleague, studio.viewer):
        page = browser(person).get(page_of(image)).text
        assert ("<dt>Cost</dt>" in page) is ("3.3 credits" in page) is (person in told)


def test_the_cost_is_shared_between_the_images_of_a_request(studio: Studio, mine: Client) -> None:
    asked = factories.request(of=studio.team, by=studio.author, params={"num_images": 2})
    done = factories.succeeded(asked, pictures=[factories.picture(), factories.picture()])
    assert done.hold.captured == factories.PRICE

    for image in done.images.all():
        assert "1.65 credits" in mine.get(page_of(image)).text


def test_a_seed_is_shown_to_its_last_digit(mine: Client, image: Image) -> None:
    Image.objects.update(seed=2**63 - 1)

    assert str(2**63 - 1) in mine.get(page_of(image)).text


def test_the_page_leads_to_the_batch_and_to_the_neighbours(studio: Studio, mine: Client) -> None:
    older = factories.stored_image(of=studio.team, by=studio.author)
    asked = factories.request(of=studio.team, by=studio.author, params={"num_images": 2})
    done = factories.succeeded(asked, pictures=[factories.picture(), factories.picture()])
    first, second = done.images.order_by("id")

    context = mine.get(page_of(first)).context

    assert list(context["siblings"]) == [second]
    assert context["previous_url"] == f"{page_of(second)}?wall=mine"
    assert context["next_url"] == f"{page_of(older)}?wall=mine"


def test_neighbours_lead_through_the_whole_gallery(studio: Studio, mine: Client) -> None:
    made = [factories.stored_image(of=studio.team, by=studio.author) for _ in range(3)]

    for older, newer in pairwise(made):
        assert mine.get(page_of(newer)).context["next_url"] == f"{page_of(older)}?wall=mine"
        assert mine.get(page_of(older)).context["previous_url"] == f"{page_of(newer)}?wall=mine"
    assert mine.get(page_of(made[0])).context["next_url"] == ""
    assert mine.get(page_of(made[2])).context["previous_url"] == ""


def test_neighbours_of_anothers_image_are_the_teams(studio: Studio, image: Image) -> None:
    private = Visibility.PRIVATE
    factories.stored_image(of=studio.team, by=studio.author, visibility=private)
    newest = factories.stored_image(of=studio.team, by=studio.owner)

    context = browser(studio.colleague).get(page_of(image)).context

    assert context["previous_url"] == f"{page_of(newest)}?wall=team"
    assert context["back_label"] == "Team gallery"


def test_the_original_is_given_byte_for_byte(mine: Client, image: Image, picture: bytes) -> None:
    response = mine.get(file_of(image))

    assert response.content == picture
    assert response.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize("name", SIZES)
def test_a_rendition_is_given_in_its_size(mine: Client, image: Image, name: str) -> None:
    response = mine.get(file_of(image, name))

    assert response.headers["Content-Type"] == "image/webp"
    assert response.content[8:12] == b"WEBP"
    assert response.content == storage.get(images.rendition_key(image, name))


def test_the_original_stands_in_until_there_are_renditions(
    studio: Studio, mine: Client, picture: bytes
) -> None:
    fresh = factories.stored_image(of=studio.team, by=studio.author, data=picture)

    response = mine.get(file_of(fresh, "640"))

    assert response.content == picture
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["original", *SIZES])
def test_a_file_is_kept_by_its_reader_alone_and_runs_nothing(
    mine: Client, image: Image, name: str
) -> None:
    headers = mine.get(file_of(image, name)).headers

    assert headers["Cache-Control"] == "private, max-age=240"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Content-Disposition" not in headers


@pytest.mark.parametrize("name", ["2560", "0", "320-640", "ORIGINAL"])
def test_there_are_no_other_sizes(mine: Client, image: Image, name: str) -> None:
    assert mine.get(file_of(image, name)).status_code == 404


@pytest.mark.parametrize("name", ["original.png", "..%2foriginal", "320%00", "../../../etc/passwd"])
def test_a_path_is_not_a_size(mine: Client, image: Image, name: str) -> None:
    assert mine.get(f"/i/{image.pk}/file/{name}/").status_code == 404


def test_a_proxy_is_told_where_the_file_is_after_the_check(
    studio: Studio, mine: Client, image: Image, settings: Settings
) -> None:
    settings.ACCEL_REDIRECT_PREFIX = "/internal"

    response = mine.get(file_of(image, "640"))

    key = images.rendition_key(image, "640")
    assert response.headers["X-Accel-Redirect"] == f"/internal/{key}"
    assert response.content == b""
    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["Cache-Control"] == "private, max-age=240"
    refused = browser(studio.outsider).get(file_of(image, "640"))
    assert refused.status_code == 404
    assert "X-Accel-Redirect" not in refused.headers


def test_a_key_is_not_an_address(mine: Client, image: Image) -> None:
    key = images.original_key(image)

    for prefix in ("/", "/media/", "/static/", "/data/", "/internal/"):
        assert mine.get(prefix + key).status_code == 404


def test_a_file_that_is_gone_is_not_found(mine: Client, image: Image, settings: Settings) -> None:
    Path(settings.MEDIA_ROOT, images.original_key(image)).unlink()

    assert mine.get(file_of(image)).status_code == 404
    assert mine.get(page_of(image)).status_code == 200


def test_a_member_reports_an_image_once(studio: Studio, image: Image) -> None:
    client = browser(studio.viewer)
    address = reverse("image-report", args=[image.pk])

    for words in ("Not for us", "Said twice"):
        response = client.post(address, {"reason": "violence", "words": words}, follow=True)
        assert response.redirect_chain == [(page_of(image), 302)]
        assert "Reported" in response.text

    report = Report.objects.get()
    assert (report.reporter, report.words) == (studio.viewer, "Not for us")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "reason"),
        ({"reason": "boring"}, "reason"),
        ({"reason": "other", "words": "x" * 1001}, "words"),
        ({"reason": "other", "words": "nul \0"}, "words"),
    ],
)
def test_a_report_with_a_mistake_is_said_next_to_its_field(
    mine: Client, image: Image, form: dict[str, str], field: str
) -> None:
    response = mine.post(reverse("image-report", args=[image.pk]), form)

    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.text
    assert not Report.objects.exists()


def test_who_lacks_the_permission_does_not_report(
    studio: Studio, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = dict(permissions.ROLE_PERMISSIONS)
    roles[Role.VIEWER] = roles[Role.VIEWER] - {Permission.REPORT_IMAGE}
    monkeypatch.setattr(permissions, "ROLE_PERMISSIONS", roles)
    client = browser(studio.viewer)

    answer = client.post(reverse("image-report", args=[image.pk]), {"reason": "violence"})

    assert answer.status_code == 403
    assert reverse("image-report", args=[image.pk]) not in client.get(page_of(image)).text
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("here", "there"), [(Role.MEMBER, Role.VIEWER), (Role.VIEWER, Role.MEMBER)]
)
def test_an_image_of_another_team_offers_what_one_may_do_there(
    studio: Studio, mine: Client, image: Image, here: Role, there: Role
) -> None:
    home = factories.team(name="Home")
    Membership.objects.create(team=home, user=studio.author, role=here)
    Membership.objects.filter(team=studio.team, user=studio.author).update(role=there)
    mine.post(reverse("team-switch"), {"team": home.slug})

    page = mine.get(page_of(image)).text

    assert ("Vary one thing" in page) == (there == Role.MEMBER)
    assert ("Reuse recipe" in page) == (here == Role.MEMBER)


def test_beside_an_image_of_another_team_stand_the_collections_of_the_team_one_works_in(
    studio: Studio, mine: Client, image: Image
) -> None:
    home = factories.team(name="Home", owner=studio.author)
    ours = collecting.create(by=studio.author, team=home, name="At home")
    theirs = collecting.create(by=studio.author, team=studio.team, name="Herons")
    mine.post(reverse("team-switch"), {"team": home.slug})

    page = mine.get(page_of(image), {"wall": str(ours.pk)})

    assert page.context["team"] == home
    assert page.context["collections"] == [ours]
    sidebar, _, beside = page.text.partition("</aside>")
    assert ("At home" in sidebar, "Herons" in sidebar) == (True, False)
    assert ("At home" in beside, f'value="{theirs.pk}"' in beside) == (False, True)
