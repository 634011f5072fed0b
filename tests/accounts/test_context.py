from importlib import import_module

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from accounts.context import shell
from accounts.models import User
from accounts.services import teams
from tests.accounts.people import People


def request_of(user: User | AnonymousUser, theme: str = "") -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    request.session = SessionStore()
    request.COOKIES["theme"] = theme
    return request


def test_the_shell_knows_team_teams_and_rights(people: People) -> None:
    page = shell(request_of(people.member))

    assert page["team"] == people.team
    assert list(page["teams"]) == [people.team, teams.create_personal_team(people.member)]
    assert page["can"]["generate"]
    assert not page["can"]["manage_team"]


def test_a_fragment_that_shows_none_of_it_asks_for_none_of_it(
    people: People, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        shell(request_of(people.member))


def test_before_signing_in_there_is_no_team() -> None:
    assert "team" not in shell(request_of(AnonymousUser()))


def test_an_error_before_the_session_still_gets_a_shell() -> None:
    assert shell(RequestFactory().get("/"))["theme"] == ""


@pytest.mark.parametrize(
    ("cookie", "theme"), [("light", "light"), ("dark", "dark"), ("system", ""), ("<b>", "")]
)
def test_only_a_known_theme_is_used(cookie: str, theme: str) -> None:
    assert shell(request_of(AnonymousUser(), cookie))["theme"] == theme


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_sandbox_is_told(settings: LazySettings, sandbox: bool) -> None:
    settings.USE_SANDBOX = sandbox

    assert shell(request_of(AnonymousUser()))["sandbox"] is sandbox


@pytest.mark.parametrize(("amount", "shown"), [(3_300_000, "3.3"), (0, "0")])
def test_templates_write_credits(amount: int, shown: str) -> None:
    library = import_module("accounts.templatetags.credits").register

    assert library.filters["credits"](amount) == shown
