from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation, Membership, Role, User
from accounts.services import invitations
from tests.accounts.people import People, role_of

PASSWORD = "a-long-passphrase"


def invite(people: People, email: str = "") -> str:
    _, secret = invitations.invite(by=people.owner, team=people.team, role=Role.MEMBER, email=email)
    return f"/invitations/{secret}/"


def sign_up(client: Client, email: str) -> str:
    form = {"email": email, "password1": PASSWORD, "name": "New Person"}
    return client.post("/signup/", form).headers.get("Location", "")


def test_accepting_joins_and_switches_to_the_team(people: People, client: Client) -> None:
    client.force_login(people.outsider)

    response = client.post(invite(people))

    assert response.headers["Location"] == "/"
    assert role_of(people.outsider, people.team) == "member"
    assert client.get("/settings/").context["team"] == people.team


def test_looking_does_not_accept(people: People, client: Client) -> None:
    client.force_login(people.outsider)

    response = client.get(invite(people))

    assert response.context["problem"] == ""
    assert not Membership.objects.filter(user=people.outsider, team=people.team).exists()


def test_an_unknown_invitation_is_not_found(people: People, client: Client) -> None:
    client.force_login(people.outsider)

    assert client.get("/invitations/wrong/").status_code == 404
    assert client.post("/invitations/wrong/").status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_ended_invitation_says_so(people: People, client: Client, method: str) -> None:
    url = invite(people)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    client.force_login(people.outsider)

    response = getattr(client, method)(url)

    assert response.status_code == 410
    assert "ran out" in response.context["problem"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_else_is_told_whom_it_is_for(people: People, client: Client, method: str) -> None:
    client.force_login(people.outsider)

    response = getattr(client, method)(invite(people, "new@example.com"))

    assert response.status_code == 403
    assert "new@example.com" in response.context["problem"]


def test_who_signs_in_comes_back_to_the_invitation(people: People, client: Client) -> None:
    people.outsider.set_password(PASSWORD)
    people.outsider.save()
    url = invite(people)
    client.get(url)

    response = client.post("/signin/", {"login": "otto@example.com", "password": PASSWORD})

    assert response.headers["Location"] == url
    client.post(url)
    assert role_of(people.outsider, people.team) == "member"


@pytest.mark.parametrize("is_open", [True, False])
def test_who_signs_up_by_an_invitation_is_in(
    people: People, client: Client, settings: LazySettings, is_open: bool
) -> None:
    settings.SIGNUP_OPEN = is_open
    client.get(invite(people))

    assert sign_up(client, "new@example.com") == "/"

    user = User.objects.get(email="new@example.com")
    assert role_of(user, people.team) == "member"
    assert client.get("/settings/").context["team"] == people.team


def test_where_sign_up_is_closed_one_link_makes_one_account(
    people: People, client: Client, settings: LazySettings
) -> None:
    settings.SIGNUP_OPEN = False
    url = invite(people)
    second = Client()
    client.get(url)
    second.get(url)
    sign_up(client, "new@example.com")

    sign_up(second, "greedy@example.com")

    assert not User.objects.filter(email="greedy@example.com").exists()


def test_where_sign_up_is_closed_the_address_must_be_the_invited_one(
    people: People, client: Client, settings: LazySettings
) -> None:
    settings.SIGNUP_OPEN = False
    client.get(invite(people, "new@example.com"))

    response = client.post("/signup/", {"email": "eve@example.com", "password1": PASSWORD})

    assert "You are invited as new@example.com" in str(response.context["form"].errors["email"])
    assert not User.objects.filter(email="eve@example.com").exists()


def test_another_address_signs_up_but_does_not_join(people: People, client: Client) -> None:
    url = invite(people, "new@example.com")
    client.get(url)

    assert sign_up(client, "eve@example.com") == url

    assert client.get(url).status_code == 403
    assert not Membership.objects.filter(team=people.team, user__email="eve@example.com").exists()


def test_an_ended_invitation_does_not_open_sign_up(
    people: People, client: Client, settings: LazySettings
) -> None:
    settings.SIGNUP_OPEN = False
    client.get(invite(people))
    Invitation.objects.update(revoked_at=timezone.now())

    client.post("/signup/", {"email": "new@example.com", "password1": PASSWORD})

    assert not User.objects.filter(email="new@example.com").exists()


def test_an_invitation_is_never_cached(people: People, client: Client) -> None:
    assert "no-store" in client.get(invite(people)).headers["Cache-Control"]
