import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import NotAllowed, TokenUnusable
from accounts.models import ApiToken, Membership, Role, User
from accounts.services import teams, tokens
from tests.accounts.people import People

pytestmark = pytest.mark.django_db


def make(people: People, role: str = "member") -> tuple[ApiToken, str]:
    return tokens.create(by=people.named(role), team=people.team, name="Nightly")


def refused(secret: str) -> str:
    with pytest.raises(TokenUnusable) as caught:
        tokens.authenticate(secret)
    return str(caught.value)


def test_a_token_opens_what_its_person_may_do_in_its_team(people: People) -> None:
    token, secret = make(people)

    found = tokens.authenticate(secret)

    assert found == token
    assert (found.user, found.team) == (people.member, people.team)


def test_a_secret_has_a_form_that_scanners_know(people: People) -> None:
    _, secret = make(people)
    assert re.fullmatch(r"img_live_[0-9A-Za-z]{36}", secret)


def test_no_two_secrets_are_alike(people: People) -> None:
    assert len({make(people)[1] for _ in range(20)}) == 20


def test_the_secret_is_not_kept(people: People) -> None:
    token, secret = make(people)
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert secret not in str(row)
    assert secret.startswith(row["prefix"])
    assert len(secret) - len(row["prefix"]) >= 28


def test_who_may_not_make_images_makes_no_token(people: People) -> None:
    for role in ("viewer", "outsider"):
        with pytest.raises(NotAllowed):
            make(people, role)


@pytest.mark.parametrize("place", [0, 9, 20, 38, 44])
def test_a_mistyped_secret_costs_no_look_into_the_database(people: People, place: int) -> None:
    _, secret = make(people)
    other = "x" if secret[place] != "x" else "y"
    wrong = secret[:place] + other + secret[place + 1 :]

    with CaptureQueriesContext(
        connection,
    ) as looks:
        assert "not a whole token" in refused(wrong)

    assert len(looks) == 0


@pytest.mark.parametrize("wrong", ["", "img_live_", "x" * 45, "img_live_" + "é" * 36])
def test_what_is_no_token_is_refused(db: None, wrong: str) -> None:
    assert "not a whole token" in refused(wrong)


def test_a_whole_token_that_nobody_made_is_refused(people: People) -> None:
    token, secret = make(people)
    token.delete()
    assert refused(secret) == "There is no such token."


def test_another_secret_with_the_same_beginning_is_refused(people: People) -> None:
    token, secret = make(people)
    other, _ = make(people)
    ApiToken.objects.filter(pk=other.pk).update(prefix=token.prefix)
    ApiToken.objects.filter(pk=token.pk).update(secret_hash="0" * 64)
    assert refused(secret) == "There is no such token."


def test_a_revoked_token_opens_nothing(people: People) -> None:
    token, secret = make(people)
    tokens.revoke(by=people.member, token=token)
    assert refused(secret) == "This token was revoked."


def test_a_token_that_ran_out_opens_nothing(people: People) -> None:
    ago = timezone.now() - timedelta(seconds=1)
    _, secret = tokens.create(by=people.member, team=people.team, name="Old", expires_at=ago)
    assert refused(secret).startswith("This token ran out on ")


def test_a_token_ends_with_its_person(people: People) -> None:
    _, secret = make(people)
    User.objects.filter(pk=people.member.pk).update(is_active=False)
    assert "may no longer" in refused(secret)


def test_a_token_ends_with_the_membership(people: People) -> None:
    _, secret = make(people)
    teams.remove_member(by=people.owner, team=people.team, user=people.member)
    assert "may no longer" in refused(secret)


def test_a_token_ends_with_the_right_to_make_images(people: People) -> None:
    _, secret = make(people)
    Membership.objects.filter(user=people.member, team=people.team).update(role=Role.VIEWER)
    assert "may no longer" in refused(secret)


def test_an_owner_revokes_anybodys_token_and_others_their_own(people: People) -> None:
    token, secret = make(people)

    for role in ("admin", "viewer", "outsider"):
        with pytest.raises(NotAllowed):
            tokens.revoke(by=people.named(role), token=token)
    tokens.authenticate(secret)
    tokens.revoke(by=people.owner, token=token)

    assert refused(secret) == "This token was revoked."


def test_revoked_twice_it_keeps_its_first_time(people: People) -> None:
    token, _ = make(people)
    tokens.revoke(by=people.member, token=token)
    token.refresh_from_db()
    first = token.revoked_at

    tokens.revoke(by=people.member, token=token)

    token.refresh_from_db()
    assert token.revoked_at == first


def test_the_last_use_is_noted_once_a_minute(people: People) -> None:
    token, secret = make(people)
    tokens.authenticate(secret)
    token.refresh_from_db()
    noted = token.last_used_at
    assert noted is not None

    tokens.authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at == noted

    ApiToken.objects.update(last_used_at=noted - timedelta(minutes=2))
    tokens.authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at > noted
