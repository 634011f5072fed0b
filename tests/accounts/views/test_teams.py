import pytest
from django.test import Client

from accounts.models import Team
from accounts.services import teams
from tests.accounts.people import People, role_of


def test_switching_changes_the_current_team(people: People, client: Client) -> None:
    client.force_login(people.member)
    personal = teams.create_personal_team(people.member)

    client.post("/teams/switch/", {"team": personal.slug})

    assert client.get("/settings/").context["team"] == personal


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/gallery/", "/gallery/"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
@pytest.mark.parametrize("path", ["/teams/switch/", "/theme/"])
def test_one_is_led_on_within_this_site_only(
    people: People, client: Client, path: str, target: str, location: str
) -> None:
    client.force_login(people.member)
    form = {"team": people.team.slug, "theme": "dark", "next": target}

    assert client.post(path, form).headers["Location"] == location


def test_a_new_team_is_current_at_once(people: People, client: Client) -> None:
    client.force_login(people.member)

    client.post("/teams/new/", {"name": "Second Light"})

    team = Team.objects.get(slug="second-light")
    assert role_of(people.member, team) == "owner"
    assert client.get("/settings/").context["team"] == team


def test_a_team_needs_a_name(people: People, client: Client) -> None:
    client.force_login(people.member)

    response = client.post("/teams/new/", {"name": ""})

    assert response.status_code == 422
    assert response.context["form"].errors["name"]


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
@pytest.mark.django_db
def test_a_theme_is_remembered_by_a_cookie(client: Client, theme: str) -> None:
    cookie = client.post("/theme/", {"theme": theme}).cookies["theme"]

    assert cookie.value == theme
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 24 * 3600


def test_an_unknown_theme_is_refused(client: Client) -> None:
    response = client.post("/theme/", {"theme": "neon"})

    assert response.status_code == 400
    assert "theme" not in response.cookies
