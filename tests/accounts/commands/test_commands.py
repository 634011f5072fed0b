import json
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import LedgerEntry, Team, User
from accounts.services import ledger, teams, users
from tests.accounts.people import People, role_of


def run(name: str, *args: str) -> str:
    out = StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


SECRET = "first-secret"


def bootstrap(*, password: str = SECRET, credits_: str = "500") -> str:
    return run(
        "bootstrap",
        *("--email", "Olga@example.com", "--password", password),
        *("--team", "northlight", "--credits", credits_),
    )


@pytest.mark.django_db
def test_bootstrap_makes_owner_team_and_grant() -> None:
    assert bootstrap() == "Olga@example.com owns northlight, which has 500 credits.\n"

    owner = User.objects.get(email="olga@example.com")
    team = Team.objects.get(slug="northlight")
    assert owner.is_staff
    assert owner.is_superuser
    assert owner.check_password(SECRET)
    assert owner.personal_team
    assert role_of(owner, team) == "owner"
    assert ledger.balance(team=team).available == 500_000_000


@pytest.mark.django_db
def test_bootstrap_again_changes_nothing() -> None:
    bootstrap()

    bootstrap(password="second-secret", credits_="900")

    assert User.objects.get().check_password(SECRET)
    assert Team.objects.count() == 2
    assert LedgerEntry.objects.count() == 1


@pytest.mark.django_db
def test_bootstrap_adds_what_is_missing() -> None:
    users.create(email="olga@example.com")
    bootstrap(credits_="0")

    bootstrap(credits_="2.5")

    owner = User.objects.get()
    assert owner.is_superuser
    assert owner.check_password(SECRET)
    assert ledger.balance(team=Team.objects.get(slug="northlight")).available == 2_500_000


def test_bootstrap_leaves_personal_teams_alone(people: People) -> None:
    slug = teams.create_personal_team(people.member).slug

    with pytest.raises(CommandError, match="personal"):
        run(
            "bootstrap",
            "--email",
            "x@example.com",
            "--password",
            "p",
            "--team",
            slug,
            "--credits",
            "1",
        )


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--credits", "-1"),
        ("--credits", "many"),
        ("--team", "not a slug"),
        ("--team", "x" * 61),
        ("--email", "nobody"),
    ],
)
@pytest.mark.django_db
def test_bootstrap_refuses_what_it_cannot_use(option: str, value: str) -> None:
    given = {"--email": "o@example.com", "--password": "p", "--team": "t", "--credits": "1"}
    args = [part for pair in {**given, option: value}.items() for part in pair]

    with pytest.raises(CommandError, match=option):
        run("bootstrap", *args)
    assert not User.objects.exists()


def test_login_link_prints_one_address_that_signs_in(
    people: People, client: Client, settings: LazySettings
) -> None:
    settings.PUBLIC_URL = "http://testserver"

    printed = run("login_link", "OLGA@example.com")

    assert printed.count("\n") == 1
    assert printed.startswith("http://testserver/signin/link/")
    response = client.get(urlsplit(printed.strip()).path)
    assert response.headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(people.owner.pk)


def test_login_link_refuses_who_cannot_sign_in(people: People) -> None:
    User.objects.filter(pk=people.viewer.pk).update(is_active=False)

    with pytest.raises(CommandError, match="Nobody here has the e-mail address eve@"):
        run("login_link", "eve@example.com")
    with pytest.raises(CommandError, match="deactivated"):
        run("login_link", people.viewer.email)


def test_granted_credits_are_told_in_microcredits(people: People) -> None:
    printed = run("grant_credits", people.team.slug, "12.5", "--reason", "Trial")

    assert json.loads(printed) == {
        "team": people.team.slug,
        "granted": 12_500_000,
        "available": 12_500_000,
    }


def test_a_grant_happens_once_per_reference(people: People) -> None:
    args = ("grant_credits", people.team.slug, "10", "--reason", "Trial", "--reference", "may")

    assert run(*args) == run(*args)
    assert ledger.balance(team=people.team).available == 10_000_000


def test_grants_without_a_reference_add_up(people: People) -> None:
    for _ in range(2):
        run("grant_credits", people.team.slug, "10", "--reason", "Trial")

    assert ledger.balance(team=people.team).available == 20_000_000


def test_a_reference_is_not_used_for_another_amount(people: People) -> None:
    run("grant_credits", people.team.slug, "10", "--reason", "Trial", "--reference", "may")

    with pytest.raises(CommandError, match="may was used before"):
        run("grant_credits", people.team.slug, "11", "--reason", "Trial", "--reference", "may")
    assert ledger.balance(team=people.team).available == 10_000_000


@pytest.mark.parametrize(
    ("team", "amount", "words"),
    [
        ("nowhere", "1", "no team nowhere"),
        ("northlight-studio", "0", "more than 0"),
        ("northlight-studio", "ten", "not an amount"),
    ],
)
def test_a_grant_refuses_what_it_cannot_use(
    people: People, team: str, amount: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run("grant_credits", team, amount, "--reason", "Trial")


@pytest.mark.django_db
def test_a_superuser_made_by_hand_has_a_personal_team(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-long-passphrase")

    run("createsuperuser", "--no-input", "--email", "root@example.com")

    assert User.objects.get(is_superuser=True).personal_team
