"""What every answer tells the browser to allow, to keep and to hide."""

from collections.abc import Mapping

import pytest
from django.test import Client
from django.urls import reverse

from generations.models import Image
from generations.views import gallery
from tests import factories
from tests.generations.views.studio import Studio, browser, open_studio
from tests.routes.table import TABLE
from tests.routes.world import arrive, meet, visit

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
}
OF_A_FILE = {"default-src 'none'", "sandbox"}
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Pages that show or take a secret: a password, a link that signs in, a link that invites.
SECRET = {"login-link", "invitation", "team-settings", "welcome", "image-share", "share"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio() -> Studio:
    return open_studio()


def unguarded(headers: Mapping[str, str]) -> str:
    """What is missing among the headers, in words."""
    policy = {part.strip() for part in headers.get("Content-Security-Policy", "").split(";")}
    missing = [name for name, value in GUARDS.items() if headers.get(name) != value]
    if policy not in (POLICY, OF_A_FILE):
        missing.append(f"Content-Security-Policy: {policy ^ POLICY}")
    return ", ".join(missing)


@pytest.mark.parametrize("visitor", ["anonymous", "member", "outsider"])
def test_every_answer_of_every_address_is_guarded(visitor: str) -> None:
    world = meet(visitor)
    client = arrive(world, visitor)

    found = {str(row): unguarded(visit(client, world, row).headers) for row in TABLE}

    assert not {row: words for row, words in found.items() if words}


@pytest.mark.parametrize("visitor", ["anonymous", "owner"])
def test_no_browser_keeps_a_page_with_a_secret(visitor: str) -> None:
    world = meet(visitor)
    client = arrive(world, visitor)
    pages = [row for row in TABLE if row.name.startswith("account_") or row.name in SECRET]

    answers = [(row, visit(client, world, row)) for row in pages if row.method == "get"]

    kept = {
        str(row)
        for row, answer in answers
        if answer.status_code in {200, 410} and "no-store" not in answer.get("Cache-Control", "")
    }
    assert not kept


@pytest.mark.parametrize(
    ("address", "status"),
    [("/no/such/page/", 404), ("/i/none/", 404), ("/price/", 405), ("/admin/nothing/", 302)],
)
def test_an_answer_that_refuses_is_guarded(studio: Studio, address: str, status: int) -> None:
    answer = browser(studio.author).get(address)

    assert answer.status_code == status
    assert not unguarded(answer.headers)


def test_an_answer_to_our_own_mistake_is_guarded(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", None)
    client = browser(studio.author)
    client.raise_request_exception = False

    answer = client.get("/gallery/")

    assert answer.status_code == 500
    assert not unguarded(answer.headers)
    assert "Something broke" in answer.text
    assert "TypeError" not in answer.text


def test_pages_of_the_admin_are_guarded_and_kept_by_nobody(studio: Studio) -> None:
    client = browser(studio.staff)
    image = factories.stored_image(of=studio.team, by=studio.author)
    preview = reverse("admin:generations_image_preview", args=[image.pk])

    for answer in (client.get("/admin/"), client.post(preview, {"why": "A report"})):
        assert answer.status_code == 200
        assert not unguarded(answer.headers)
        assert "no-store" in answer.headers["Cache-Control"]


def test_a_fragment_is_never_shown_as_a_page(studio: Studio) -> None:
    """A browser that goes back takes what it kept under the address."""
    image: Image = factories.stored_image(of=studio.team, by=studio.author)
    client = browser(studio.author)

    for address in ("/gallery/", "/team/", reverse("request", args=[image.request_id])):
        assert "HX-Request" in client.get(address).headers["Vary"]


def test_scripts_cannot_read_the_session_and_other_sites_do_not_send_it(studio: Studio) -> None:
    client = Client()
    studio.author.set_password("a long enough one")
    studio.author.save()

    client.post("/signin/", {"login": studio.author.email, "password": "a long enough one"})

    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
