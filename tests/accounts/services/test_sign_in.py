from datetime import timedelta
from functools import partial

import pytest
from django.conf import LazySettings
from django.core import signing
from django.utils import timezone

from accounts.errors import SignInLinkUnusable
from accounts.models import User
from accounts.services import sign_in, users
from tests.accounts.race import together


@pytest.fixture
def user(db: None) -> User:
    return users.create(email="olga@example.com", password="a-long-passphrase")


def token_of(user: User) -> str:
    return sign_in.link_for(user).rstrip("/").rpartition("/")[2]


def test_a_link_leads_to_this_installation(user: User, settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://darkroom.test"

    assert sign_in.link_for(user).startswith("https://darkroom.test/signin/link/")


def test_a_link_names_its_person(user: User) -> None:
    assert sign_in.redeem(token_of(user)) == user


def test_a_link_works_once(user: User) -> None:
    token = token_of(user)
    sign_in.redeem(token)

    with pytest.raises(SignInLinkUnusable, match="used already"):
        sign_in.redeem(token)


@pytest.mark.django_db(transaction=True)
def test_of_two_clicks_at_once_one_signs_in() -> None:
    user = users.create(email="olga@example.com")

    outcomes = together(*[partial(sign_in.redeem, token_of(user))] * 2)

    assert user in outcomes
    assert [type(outcome) for outcome in outcomes].count(SignInLinkUnusable) == 1


def token_from(user: User, age: timedelta, monkeypatch: pytest.MonkeyPatch) -> str:
    """A token as it was made some time ago."""
    made = int((timezone.now() - age).timestamp())
    with monkeypatch.context() as then:
        then.setattr(signing.TimestampSigner, "timestamp", lambda _: signing.b62_encode(made))
        return token_of(user)


def test_a_link_lasts_a_day(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_from(user, timedelta(hours=23, minutes=59), monkeypatch)

    assert sign_in.redeem(token) == user


def test_a_link_ends_after_a_day(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_from(user, timedelta(hours=24, minutes=1), monkeypatch)

    with pytest.raises(SignInLinkUnusable, match="more than a day old"):
        sign_in.redeem(token)


def test_a_changed_link_signs_nobody_in(user: User) -> None:
    with pytest.raises(SignInLinkUnusable, match="not complete"):
        sign_in.redeem(token_of(user)[:-1])


def test_a_new_password_ends_older_links(user: User) -> None:
    token = token_of(user)
    user.set_password("another-passphrase")
    user.save()

    with pytest.raises(SignInLinkUnusable):
        sign_in.redeem(token)


def test_a_deactivated_person_is_not_signed_in(user: User) -> None:
    token = token_of(user)
    User.objects.update(is_active=False)

    with pytest.raises(SignInLinkUnusable):
        sign_in.redeem(token)
