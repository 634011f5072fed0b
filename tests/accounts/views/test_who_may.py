"""Every address of the room, and what each kind of visitor gets there."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from accounts import urls
from accounts.models import Membership, Period, Role
from accounts.services import asks, budgets, invitations, tokens
from tests.accounts.people import People, join

ROLES = ("outsider", "viewer", "member", "admin", "owner")
SIGN_IN = 0  # Sent to the sign-in page.


@dataclass(frozen=True)
class Case:
    name: str
    method: str
    anonymous: int
    outsider: int
    viewer: int
    member: int
    admin: int
    owner: int
    form: Mapping[str, str]


def everyone(name: str, method: str, status: int, /, anonymous: int = SIGN_IN, **form: str) -> Case:
    return Case(name, method, anonymous, status, status, status, status, status, form)


def managers(name: str, /, *, admin: int = 302, **form: str) -> Case:
    return Case(name, "post", SIGN_IN, 404, 403, 403, admin, 302, form)


ASK = {"amount": "5", "words": "For the fair"}

CASES = [
    everyone("team-settings", "get", 200),
    managers("team-settings", admin=403, name="Southlight"),
    managers("team-invite", role="member"),
    managers("invitation-revoke"),
    managers("member-role", role="viewer"),
    managers("member-remove"),
    Case("api-tokens", "get", SIGN_IN, 200, 403, 200, 200, 200, {}),
    Case("api-tokens", "post", SIGN_IN, 404, 403, 200, 200, 200, {"name": "Nightly"}),
    Case("token-revoke", "post", SIGN_IN, 404, 403, 404, 404, 302, {}),
    Case("team-switch", "post", SIGN_IN, 404, 302, 302, 302, 302, {}),
    everyone("team-new", "get", 200),
    everyone("team-new", "post", 302, name="Second Light"),
    managers("team-approval", admin=403, above="5"),
    managers("team-failover", admin=403, allowed="on"),
    Case("credits-ask", "get", SIGN_IN, 200, 403, 200, 200, 200, {}),
    Case("credits-ask", "post", SIGN_IN, 404, 403, 302, 302, 302, ASK),
    Case("credits-ask-withdraw", "post", SIGN_IN, 404, 403, 404, 404, 404, {}),
    Case("limit-ask", "get", SIGN_IN, 404, 404, 404, 200, 200, {}),
    Case("limit-ask", "post", SIGN_IN, 404, 404, 404, 302, 302, {"verdict": "granted", **ASK}),
    everyone("credit-asks", "get", 404),
    everyone("credit-ask-decide", "post", 404),
    everyone("credit-changes", "get", 404),
    everyone("team-credits", "get", 404),
    everyone("change-decide", "post", 404),
    Case("credits-move", "get", SIGN_IN, 200, 403, 403, 403, 200, {}),
    everyone("welcome", "get", 302),
    everyone("keyboard", "get", 200),
    everyone("keyboard", "post", 302, shortcuts="on"),
    everyone("theme", "post", 302, anonymous=302, theme="dark"),
    everyone("invitation", "get", 200, anonymous=200),
    everyone("invitation", "post", 302, anonymous=200),
    everyone("login-link", "get", 410, anonymous=410),
    everyone("payment-hook", "post", 404, anonymous=404),
    everyone("account_change_password", "get", 302),
    everyone("account_set_password", "get", 200),
    everyone("account_email", "get", 200),
]
# Allauth's own pages around signing in; tests/accounts/views/test_sign_in.py walks through them.
ENTRANCE = {
    "account_login",
    "account_signup",
    "account_logout",
    "account_inactive",
    "account_reauthenticate",
    "account_confirm_login_code",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}


def address(case: Case, people: People) -> str:
    guest = join(people.team, "guest@example.com", Role.MEMBER)
    invitation, secret = invitations.invite(by=people.owner, team=people.team, role=Role.VIEWER)
    membership = Membership.objects.get(user=guest, team=people.team)
    token, _ = tokens.create(by=guest, team=people.team, name="Nightly")
    limit = budgets.set_limit(
        by=people.owner, team=people.team, member=guest, model="", period=Period.DAY, amount=1
    )
    asked = asks.ask(by=guest, team=people.team, amount=1, words="More", limit=limit)
    args: dict[str, list[object]] = {
        "credits-ask-withdraw": [asked.pk],
        "limit-ask": [asked.pk],
        "credit-ask-decide": [asked.pk],
        "team-credits": [people.team.slug],
        "change-decide": [asked.pk],
        "token-revoke": [token.pk],
        "invitation-revoke": [invitation.pk],
        "member-role": [membership.pk],
        "member-remove": [membership.pk],
        "invitation": [secret],
        "login-link": ["wrong"],
    }
    return reverse(case.name, args=args.get(case.name, []))


def test_every_address_is_in_the_table() -> None:
    assert {case.name for case in CASES} | ENTRANCE == {p.name for p in urls.urlpatterns}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method}-{case.name}")
def test_a_role_gets_what_the_table_says(
    case: Case, role: str, people: People, client: Client
) -> None:
    client.force_login(people.named(role))
    form = {"team": people.team.slug, **case.form}

    response = getattr(client, case.method)(address(case, people), form)

    assert response.status_code == getattr(case, role)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method}-{case.name}")
def test_a_stranger_gets_what_the_table_says(case: Case, people: People, client: Client) -> None:
    form = {"team": people.team.slug, **case.form}

    response = getattr(client, case.method)(address(case, people), form)

    if case.anonymous == SIGN_IN:
        assert response.headers["Location"].startswith("/signin/?next=")
    else:
        assert response.status_code == case.anonymous


@pytest.mark.parametrize("name", ["invitation-revoke", "member-role", "member-remove"])
def test_a_row_of_another_team_is_not_found(name: str, people: People, client: Client) -> None:
    """An owner of a team of their own, who does not name the foreign one."""
    client.force_login(people.outsider)
    case = next(case for case in CASES if case.name == name)

    assert client.post(address(case, people), case.form).status_code == 404


@pytest.mark.parametrize(
    "name", ["team-invite", "team-switch", "theme", "member-role", "member-remove"]
)
def test_what_writes_is_not_done_by_a_link(name: str, people: People, client: Client) -> None:
    client.force_login(people.owner)
    args = [people.team.pk] if name.startswith("member") else []

    assert client.get(reverse(name, args=args)).status_code == 405
