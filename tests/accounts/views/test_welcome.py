from functools import partial
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.forms import WelcomeForm
from accounts.models import Team, User
from accounts.services import ledger, sign_in, users
from tests.accounts.people import role_of
from tests.accounts.race import meeting, together

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Olga Owner",
    "email": "olga@example.com",
    "password": "a-long-passphrase",
    "team_name": "Northlight Studio",
    "credits": "12.5",
}


@pytest.fixture
def fresh() -> User:
    owner = users.ensure_owner("owner@localhost.test")
    assert owner is not None
    return owner


@pytest.fixture
def site(fresh: User, client: Client) -> Client:
    client.force_login(fresh)
    return client


def test_the_printed_link_leads_here(fresh: User, client: Client) -> None:
    response = client.get(urlsplit(sign_in.link_for(fresh)).path)

    assert response.headers["Location"] == "/welcome/"
    assert client.get("/welcome/").status_code == 200


@pytest.mark.parametrize("sandbox", [True, False])
def test_it_says_where_the_provider_key_goes(
    site: Client, settings: LazySettings, sandbox: bool
) -> None:
    settings.USE_SANDBOX = sandbox

    assert ("AIMLAPI_KEY" in site.get("/welcome/").text) is sandbox


def test_the_owner_names_everything_and_goes_on_signed_in(site: Client, fresh: User) -> None:
    response = site.post("/welcome/", FORM)

    assert response.headers["Location"] == "/"
    team = Team.objects.get(name="Northlight Studio")
    assert role_of(fresh, team) == "owner"
    assert ledger.balance(team=team).available == 12_500_000
    assert site.get("/settings/").context["team"] == team


@pytest.mark.django_db(transaction=True)
def test_a_double_click_sets_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = users.ensure_owner("owner@localhost.test")
    assert fresh is not None
    monkeypatch.setattr(WelcomeForm, "clean_credits", meeting(WelcomeForm.clean_credits))

    answers = together(*[partial(post_as, fresh)] * 2)

    assert answers == [302, 302]
    team = Team.objects.get(personal_owner=None)
    assert ledger.balance(team=team).available == 12_500_000


def post_as(user: User) -> int:
    client = Client()
    client.force_login(user)
    return client.post("/welcome/", FORM).status_code


def test_there_is_no_second_welcome(site: Client) -> None:
    site.post("/welcome/", FORM)

    assert site.get("/welcome/").headers["Location"] == "/"
    assert site.post("/welcome/", FORM | {"team_name": "Another"}).headers["Location"] == "/"
    assert not Team.objects.filter(name="Another").exists()


def test_it_is_for_fresh_owners_alone(client: Client) -> None:
    client.force_login(users.create(email="mara@example.com"))

    assert client.get("/welcome/").headers["Location"] == "/"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("email", "nobody"),
        ("password", "short"),
        ("password", "1234567890"),
        ("team_name", " "),
        ("credits", "-1"),
        ("credits", "many"),
        ("credits", "0.0000001"),
        ("credits", ""),
    ],
)
def test_a_bad_value_is_told_beside_its_field(
    site: Client, fresh: User, field: str, value: str
) -> None:
    response = site.post("/welcome/", FORM | {field: value})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    fresh.refresh_from_db()
    assert users.needs_setup(fresh)


def test_a_taken_address_is_told_beside_its_field(site: Client) -> None:
    users.create(email="olga@example.com")

    response = site.post("/welcome/", FORM)

    assert response.status_code == 422
    assert "has this e-mail address already" in str(response.context["form"].errors["email"])
