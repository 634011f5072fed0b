import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken
from accounts.services import tokens
from tests.accounts.people import People

PAGE = "/settings/tokens/"


def make(people: People, role: str = "member", name: str = "Nightly") -> ApiToken:
    return tokens.create(by=people.named(role), team=people.team, name=name)[0]


def signed_in(client: Client, people: People, role: str) -> Client:
    client.force_login(people.named(role))
    return client


def form(people: People, **changes: str) -> dict[str, str]:
    return {"team": people.team.slug, "name": "Nightly", "lifetime": "90", **changes}


def test_the_secret_is_shown_once_and_works(people: People, client: Client) -> None:
    page = signed_in(client, people, "member").post(PAGE, form(people))

    found = re.search(r"img_live_[0-9A-Za-z]{36}", page.text)
    assert found
    assert tokens.authenticate(found[0]).name == "Nightly"
    assert "no-store" in page.headers["Cache-Control"]
    assert found[0] not in client.get(PAGE).text


@pytest.mark.parametrize(("lifetime", "days"), [("30", 30), ("365", 365)])
def test_a_token_lasts_as_long_as_was_chosen(
    people: People, client: Client, lifetime: str, days: int
) -> None:
    signed_in(client, people, "member").post(PAGE, form(people, lifetime=lifetime))

    expires_at = ApiToken.objects.get().expires_at
    assert expires_at is not None
    assert abs(expires_at - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)


def test_a_token_may_last_until_it_is_revoked(people: People, client: Client) -> None:
    signed_in(client, people, "member").post(PAGE, form(people, lifetime=""))
    assert ApiToken.objects.get().expires_at is None


@pytest.mark.parametrize("changes", [{"name": ""}, {"name": "x" * 81}, {"lifetime": "9999"}])
def test_what_is_wrong_is_said_and_makes_nothing(
    people: People, client: Client, changes: dict[str, str]
) -> None:
    page = signed_in(client, people, "member").post(PAGE, form(people, **changes))

    assert page.status_code == 422
    assert not ApiToken.objects.exists()


def test_a_member_sees_their_own_tokens_of_the_current_team(people: People, client: Client) -> None:
    make(people, "member", "Of Mara")
    make(people, "admin", "Of Ada")
    assert people.member.personal_team
    tokens.create(by=people.member, team=people.member.personal_team, name="At home")

    page = signed_in(client, people, "member").get(PAGE).text

    assert "Of Mara" in page
    assert "Of Ada" not in page
    assert "At home" not in page


def test_an_owner_sees_everybodys(people: People, client: Client) -> None:
    make(people, "member", "Of Mara")
    page = signed_in(client, people, "owner").get(PAGE).text
    assert "Of Mara" in page
    assert people.member.display_name in page


def test_a_revoked_token_leaves_the_list(people: People, client: Client) -> None:
    token = make(people)

    answer = signed_in(client, people, "owner").post(
        reverse("token-revoke", args=[token.pk]), {"team": people.team.slug}
    )

    assert answer.status_code == 302
    token.refresh_from_db()
    assert token.revoked_at
    assert str(token.pk) not in client.get(PAGE).text


def test_somebody_elses_token_is_not_found(people: People, client: Client) -> None:
    token = make(people, "owner")

    answer = signed_in(client, people, "admin").post(
        reverse("token-revoke", args=[token.pk]), {"team": people.team.slug}
    )

    assert answer.status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None
