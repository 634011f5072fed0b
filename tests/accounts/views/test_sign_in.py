import re
from urllib.parse import urlsplit

import pytest
from allauth.account.internal.flows import manage_email
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import urls
from accounts.models import User
from accounts.services import sign_in, users
from tests.accounts.race import meeting, together

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-passphrase"


@pytest.fixture
def mara() -> User:
    return users.create(email="mara@example.com", password=PASSWORD)


def signed_in_as(client: Client) -> str:
    return str(client.session.get("_auth_user_id", ""))


def mailed_path(prefix: str) -> str:
    found = re.search(rf"https?://\S+{prefix}\S+", str(mail.outbox[0].body))
    assert found
    return urlsplit(found.group()).path


def test_signing_up_makes_a_person_with_a_personal_team(client: Client) -> None:
    form = {"email": "New@Example.com", "password1": PASSWORD, "name": "New Person"}

    assert client.post("/signup/", form).headers["Location"] == "/"

    user = User.objects.get(email="new@example.com")
    assert user.name == "New Person"
    assert user.personal_team.name == "New Person (personal)"
    assert signed_in_as(client) == str(user.pk)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_signs_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both clicks find the address free before either has taken it."""
    check = meeting(manage_email.email_already_exists)
    monkeypatch.setattr(manage_email, "email_already_exists", check)
    form = {"email": "new@example.com", "password1": PASSWORD}

    answers = together(*[lambda: Client().post("/signup/", form).headers["Location"]] * 2)

    assert sorted(map(str, answers)) == ["/", "/signin/"]
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "nobody"), ("email", "mara@example.com"), ("password1", "short"), ("password1", "")],
)
def test_a_bad_sign_up_is_told_beside_its_field(
    client: Client, mara: User, field: str, value: str
) -> None:
    form = {"email": "new@example.com", "password1": PASSWORD, field: value}

    response = client.post("/signup/", form)

    assert response.context["form"].errors[field]
    assert User.objects.count() == 1


def test_closed_sign_up_says_so_and_makes_nobody(client: Client, settings: LazySettings) -> None:
    settings.SIGNUP_OPEN = False

    assert "email" not in client.get("/signup/").text.lower().partition("<main")[2]
    client.post("/signup/", {"email": "new@example.com", "password1": PASSWORD})

    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["mara@example.com", "MARA@Example.com"])
def test_a_person_signs_in_by_address_and_password(client: Client, mara: User, email: str) -> None:
    client.post("/signin/", {"login": email, "password": PASSWORD})

    assert signed_in_as(client) == str(mara.pk)


@pytest.mark.parametrize("email", ["mara@example.com", "nobody@example.com"])
def test_a_wrong_pair_is_refused_in_the_same_words(client: Client, mara: User, email: str) -> None:
    response = client.post("/signin/", {"login": email, "password": "wrong"})

    errors = response.context["form"].non_field_errors()
    assert errors == ["That e-mail and password do not match."]
    assert signed_in_as(client) == ""


def test_guessing_a_password_is_slowed_down(client: Client, mara: User) -> None:
    for _ in range(5):
        client.post("/signin/", {"login": "mara@example.com", "password": "wrong"})

    client.post("/signin/", {"login": "mara@example.com", "password": PASSWORD})

    assert signed_in_as(client) == ""


def test_a_deactivated_person_does_not_get_in(client: Client, mara: User) -> None:
    User.objects.update(is_active=False)

    response = client.post("/signin/", {"login": "mara@example.com", "password": PASSWORD})

    assert response.headers["Location"] == reverse("account_inactive")
    assert signed_in_as(client) == ""


def test_signing_out_ends_the_session(client: Client, mara: User) -> None:
    client.force_login(mara)

    assert client.post("/signout/").headers["Location"] == "/signin/"
    assert signed_in_as(client) == ""


def test_a_forgotten_password_is_replaced_by_mail(client: Client, mara: User) -> None:
    client.post("/password/reset/", {"email": "mara@example.com"})
    form_page = client.get(mailed_path("/password/reset/key/")).headers["Location"]

    client.post(form_page, {"password1": "another-passphrase", "password2": "another-passphrase"})

    mara.refresh_from_db()
    assert mara.check_password("another-passphrase")


def test_an_unknown_address_gets_the_same_answer(client: Client, mara: User) -> None:
    known = client.post("/password/reset/", {"email": "mara@example.com"})
    unknown = client.post("/password/reset/", {"email": "nobody@example.com"})

    assert known.headers["Location"] == unknown.headers["Location"]


def test_an_address_is_confirmed_by_mail(client: Client) -> None:
    client.post("/signup/", {"email": "new@example.com", "password1": PASSWORD})
    client.post(mailed_path("/email/confirm/"))

    assert EmailAddress.objects.get(email="new@example.com").verified


def test_a_used_link_says_what_to_do(client: Client, mara: User) -> None:
    path = urlsplit(sign_in.link_for(mara)).path
    client.get(path)

    response = Client().get(path)

    assert response.status_code == 410
    assert "used already" in response.text
    assert "login_link" in response.text


def test_a_link_is_not_used_up_by_a_preview(client: Client, mara: User) -> None:
    path = urlsplit(sign_in.link_for(mara)).path
    assert client.head(path).status_code == 405

    assert client.get(path).headers["Location"] == "/"


OPEN_PAGES = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
    "account_inactive",
]
OWN_PAGES = ["account_logout", "account_email", "account_change_password", "account_reauthenticate"]


@pytest.mark.parametrize("name", OPEN_PAGES)
def test_a_page_before_signing_in_is_never_cached(client: Client, name: str) -> None:
    response = client.get(reverse(name))

    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("name", OWN_PAGES)
def test_a_page_on_ones_own_account_is_never_cached(client: Client, mara: User, name: str) -> None:
    client.force_login(mara)

    response = client.get(reverse(name))

    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]


def test_allauth_finds_every_address_it_may_lead_to() -> None:
    names = {pattern.name for pattern in urls.urlpatterns}

    assert names >= {
        "account_login",
        "account_signup",
        "account_logout",
        "account_inactive",
        "account_reauthenticate",
        "account_email",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_change_password",
        "account_set_password",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "account_confirm_login_code",
    }
