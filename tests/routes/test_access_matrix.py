"""Every address of the product, and what each kind of visitor gets there.

A stranger is somebody nobody knows, or whose account was disabled. An outsider has an account and
no part in the team; staff get no further than that, outside the admin.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Membership, Role, Team, User
from accounts.services import invitations
from generations.models import Image, Visibility
from tests import factories
from tests.generations.views.studio import Studio, browser, composed, open_studio

SIGN_IN = 0  # Sent to the sign-in page, and back from there.
VISITORS = ("anonymous", "disabled", "outsider", "staff", "viewer", "member", "admin", "owner")
COLUMNS = dict(zip(VISITORS, (0, 0, 1, 1, 2, 3, 4, 5), strict=True))

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Row:
    """The answers are those to a stranger, an outsider, a viewer, a member, an admin, an owner."""

    name: str
    method: str
    of: str
    answers: tuple[int, int, int, int, int, int]
    form: Mapping[str, str] = field(default_factory=dict)

    def expected(self, visitor: str) -> int:
        return self.answers[COLUMNS[visitor]]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.name} of {self.of or 'nothing'}"


def everyone(
    name: str, method: str, status: int, /, *, of: str = "", stranger: int = SIGN_IN, **form: str
) -> Row:
    """The same for whoever is signed in."""
    return Row(name, method, of, (stranger, status, status, status, status, status), form)


def team(name: str, method: str, status: int, /, *, of: str = "", **form: str) -> Row:
    """For every member of the team that is meant."""
    return Row(name, method, of, (SIGN_IN, 404, status, status, status, status), form)


def makers(name: str, status: int, /) -> Row:
    """For members who may make images; the form names the team."""
    return Row(name, "post", "", (SIGN_IN, 404, 403, status, status, status))


def managers(
    name: str, status: int, /, *, of: str = "", admin: int | None = None, **form: str
) -> Row:
    second = status if admin is None else admin
    return Row(name, "post", of, (SIGN_IN, 404, 403, 403, second, status), form)


def owned(name: str, method: str, status: int, /, *, viewer: int | None = None) -> Row:
    """For whoever made it; what they may do with it is their role's matter."""
    looking = status if viewer is None else viewer
    form = {"reason": "violence"}
    return Row(name, method, "own", (SIGN_IN, status, looking, status, status, status), form)


IMAGE_PAGES = (("image", "get", 200), ("image-file", "get", 200), ("image-report", "post", 302))
NOT_ONES_TO_SEE = ("private", "foreign", "missing")
REQUEST_PAGES = (("request", "get"), ("request-cancel", "post"), ("request-retry", "post"))

TABLE = [
    everyone("create", "get", 200),
    makers("create", 302),
    makers("composer", 200),
    makers("price", 200),
    everyone("gallery", "get", 200),
    everyone("team-gallery", "get", 200),
    everyone("events", "get", 200, stranger=403),
    *(owned(name, method, status) for name, method, status in IMAGE_PAGES),
    *(
        team(name, method, status, of="team", reason="violence")
        for name, method, status in IMAGE_PAGES
    ),
    *(
        everyone(name, method, 404, of=of, reason="violence")
        for name, method, _ in IMAGE_PAGES
        for of in NOT_ONES_TO_SEE
    ),
    owned("request", "get", 200),
    owned("request-cancel", "post", 302),
    owned("request-retry", "post", 302, viewer=403),
    *(
        everyone(name, method, 404, of=of)
        for name, method in REQUEST_PAGES
        for of in ("team", *NOT_ONES_TO_SEE)
    ),
    everyone("team-settings", "get", 200),
    managers("team-settings", 302, admin=403, name="Southlight"),
    managers("team-invite", 302, role="member"),
    managers("invitation-revoke", 302, of="team"),
    managers("member-role", 302, of="team", role="viewer"),
    managers("member-remove", 302, of="team"),
    *(
        everyone(name, "post", 404, of=of, role="viewer")
        for name in ("invitation-revoke", "member-role", "member-remove")
        for of in ("foreign", "missing")
    ),
    team("team-switch", "post", 302),
    everyone("team-new", "get", 200),
    everyone("team-new", "post", 302, name="Second Light"),
    everyone("welcome", "get", 302),
    everyone("theme", "post", 302, stranger=302, theme="dark"),
    everyone("invitation", "get", 200, of="team", stranger=200),
    everyone("invitation", "post", 302, of="team", stranger=200),
    everyone("invitation", "get", 404, of="missing", stranger=404),
    everyone("login-link", "get", 410, of="missing", stranger=410),
    everyone("account_login", "get", 302, stranger=200),
    everyone("account_signup", "get", 302, stranger=200),
    everyone("account_logout", "get", 200, stranger=302),
    everyone("account_logout", "post", 302, stranger=302),
    everyone("account_inactive", "get", 200, stranger=200),
    everyone("account_reauthenticate", "get", 200),
    everyone("account_confirm_login_code", "get", 302, stranger=302),
    everyone("account_email_verification_sent", "get", 200, stranger=200),
    everyone("account_confirm_email", "get", 200, of="missing", stranger=200),
    everyone("account_email", "get", 200),
    everyone("account_change_password", "get", 200),
    everyone("account_set_password", "get", 302),
    everyone("account_reset_password", "get", 200, stranger=200),
    everyone("account_reset_password_done", "get", 200, stranger=200),
    everyone("account_reset_password_from_key", "get", 200, of="missing", stranger=200),
    everyone("account_reset_password_from_key_done", "get", 200, stranger=200),
]


@dataclass
class World:
    """One of everything, as one visitor meets it."""

    studio: Studio
    visitor: User
    images: dict[str, UUID] = field(default_factory=dict)
    requests: dict[str, UUID] = field(default_factory=dict)
    queued: dict[str, UUID] = field(default_factory=dict)
    arguments: dict[tuple[str, str], list[object]] = field(default_factory=dict)

    def keep(self, of: str, image: Image) -> None:
        self.images[of], self.requests[of] = image.pk, image.request_id

    def arguments_of(self, row: Row) -> list[object]:
        if not row.of:
            return []
        if (row.name, row.of) in self.arguments:
            return self.arguments[row.name, row.of]
        if row.name.startswith("image"):
            return [self.images[row.of], *(["640"] if row.name == "image-file" else [])]
        known = self.queued if row.name == "request-cancel" else self.requests
        return [known[row.of]]


def meet(kind: str) -> World:
    studio = open_studio()
    known = {"anonymous": studio.author, "disabled": studio.author, "member": studio.colleague}
    world = World(studio, known.get(kind) or getattr(studio, kind))
    world.visitor.set_password("a long enough one")
    world.visitor.save()
    _make_images(world, "" if kind in {"outsider", "staff"} else "studio")
    _make_members(world)
    return world


def _make_images(world: World, home: str) -> None:
    other = factories.member(world.studio.team)
    private = Visibility.PRIVATE
    own_team = world.studio.team if home else factories.team(owner=world.visitor)
    membership = Membership.objects.filter(user=world.visitor, team=own_team)
    role = membership.get().role
    membership.update(role=Role.OWNER)
    world.keep("own", factories.stored_image(of=own_team, by=world.visitor))
    world.keep("team", factories.stored_image(of=world.studio.team, by=other))
    world.keep(
        "private", factories.stored_image(of=world.studio.team, by=other, visibility=private)
    )
    world.keep("foreign", factories.stored_image())
    world.images["missing"] = world.requests["missing"] = uuid4()
    world.queued = {
        **world.requests,
        "own": factories.request(of=own_team, by=world.visitor).pk,
        "team": factories.request(of=world.studio.team, by=other).pk,
    }
    membership.update(role=role)


def _make_members(world: World) -> None:
    places: dict[str, Team] = {"team": world.studio.team, "foreign": factories.team()}
    for of, place in places.items():
        guest = factories.member(place)
        invitation, secret = invitations.invite(
            by=factories.owner_of(place), team=place, role=Role.VIEWER
        )
        membership = Membership.objects.get(user=guest, team=place)
        world.arguments |= {
            ("invitation-revoke", of): [invitation.pk],
            ("member-role", of): [membership.pk],
            ("member-remove", of): [membership.pk],
            ("invitation", of): [secret],
        }
    for name in ("invitation-revoke", "member-role", "member-remove"):
        world.arguments[name, "missing"] = [uuid4()]
    for name in ("invitation", "login-link", "account_confirm_email"):
        world.arguments[name, "missing"] = ["wrong"]
    world.arguments["account_reset_password_from_key", "missing"] = ["wrong", "key"]


def arrive(world: World, kind: str) -> SimpleCookie:
    """What the visitor's browser carries."""
    if kind == "anonymous":
        return SimpleCookie()
    cookies = browser(world.visitor).cookies
    if kind == "disabled":
        User.objects.filter(pk=world.visitor.pk).update(is_active=False)
    return cookies


def visit(cookies: SimpleCookie, world: World, row: Row) -> HttpResponse:
    """The answer; what the visit changed, here and in the browser, is undone."""
    client = Client()
    client.cookies.update(cookies)
    address = reverse(row.name, args=world.arguments_of(row))
    form: dict[str, object] = dict(row.form)
    if row.method == "post":
        form = composed(world.studio.team, **form)
    with transaction.atomic():
        answer: HttpResponse = getattr(client, row.method)(address, form)
        transaction.set_rollback(True)
    return answer


def got(answer: HttpResponse) -> int:
    led_to_sign_in = answer.headers.get("Location", "").startswith("/signin/?next=")
    return SIGN_IN if led_to_sign_in else answer.status_code


@pytest.mark.parametrize("visitor", VISITORS)
def test_a_visitor_gets_what_the_table_says(visitor: str) -> None:
    world = meet(visitor)
    cookies = arrive(world, visitor)

    answers = [(row, got(visit(cookies, world, row))) for row in TABLE]

    assert not {str(row): status for row, status in answers if status != row.expected(visitor)}


@pytest.mark.parametrize("row", [row for row in TABLE if row.of == "missing"], ids=str)
def test_what_is_foreign_looks_like_what_is_missing(row: Row) -> None:
    world = meet("member")
    cookies = arrive(world, "member")
    missing = visit(cookies, world, row)
    twins = [one for one in TABLE if one.name == row.name and one.method == row.method]

    for twin in twins:
        if twin.expected("member") == 404:
            assert _without_tokens(visit(cookies, world, twin)) == _without_tokens(missing)


def _without_tokens(answer: HttpResponse) -> str:
    """Nor the address, which the page's own form for the theme repeats."""
    return re.sub(r'(value|content)="([A-Za-z0-9]{64}|/[^"]*)"', "", answer.text)


def _names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name or ""
        elif pattern.namespace != "admin":
            yield from _names(pattern.url_patterns)


def test_every_address_is_in_the_table() -> None:
    assert {row.name for row in TABLE} == set(_names(get_resolver().url_patterns))
