import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Invitation, Membership, Role
from accounts.services import invitations, teams
from tests.accounts.people import People, role_of


@pytest.fixture
def site(people: People, client: Client) -> Client:
    client.force_login(people.owner)
    return client


def member_url(people: People, role: str, name: str = "member-role") -> str:
    membership = Membership.objects.get(team=people.team, user=people.named(role))
    return reverse(name, args=[membership.pk])


def test_the_page_lists_members_and_open_invitations(site: Client, people: People) -> None:
    invitation, _ = invitations.invite(by=people.owner, team=people.team, role=Role.VIEWER)

    context = site.get("/settings/").context

    members = [membership.user for membership in context["members"]]
    assert members == [people.owner, people.admin, people.member, people.viewer]
    assert list(context["invitations"]) == [invitation]
    assert list(context["roles"]) == list(Role)


def test_an_admin_is_not_offered_the_owner_role(people: People, client: Client) -> None:
    client.force_login(people.admin)

    assert Role.OWNER not in client.get("/settings/").context["roles"]


@pytest.mark.parametrize("allowed", [True, False])
def test_an_owner_lets_another_provider_make_what_one_does_not_take(
    site: Client, people: People, allowed: bool
) -> None:
    teams.set_failover(by=people.owner, team=people.team, allowed=not allowed)
    site.post(
        "/settings/failover/", {"team": people.team.slug} | ({"allowed": "on"} if allowed else {})
    )
    people.team.refresh_from_db()
    assert people.team.allow_failover is allowed
    assert ("checked" in str(site.get("/settings/").context["failover_form"])) is allowed


def test_an_admin_does_not_see_what_an_owner_decides(people: People, client: Client) -> None:
    client.force_login(people.admin)
    assert "let the other provider make it" not in client.get("/settings/").text


def test_the_team_is_renamed(site: Client, people: People) -> None:
    site.post("/settings/", {"name": " Southlight "})

    people.team.refresh_from_db()
    assert people.team.name == "Southlight"


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b"])
def test_a_bad_name_is_told_beside_the_field(site: Client, people: People, name: str) -> None:
    response = site.post("/settings/", {"name": name})

    assert response.status_code == 422
    assert response.context["team_form"].errors["name"]
    people.team.refresh_from_db()
    assert people.team.name == "Northlight Studio"


def test_a_new_link_is_shown_once_and_works(site: Client, people: People) -> None:
    response = site.post("/settings/invitations/", {"role": "viewer"}, follow=True)

    link = response.context["new_link"]
    assert link.startswith("http://testserver/invitations/")
    assert site.get("/settings/").context["new_link"] == ""
    secret = link.rstrip("/").rpartition("/")[2]
    assert invitations.accept(by=people.outsider, secret=secret).role == Role.VIEWER


def test_an_invited_address_gets_the_link_by_mail(site: Client) -> None:
    form = {"role": "member", "email": "New@example.com"}

    response = site.post("/settings/invitations/", form, follow=True)

    assert mail.outbox[0].to == ["new@example.com"]
    assert response.context["new_link"] in mail.outbox[0].body


@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("email", {"role": "member", "email": "nobody"}),
        ("role", {"role": "king"}),
        ("role", {}),
    ],
)
def test_a_bad_invitation_is_told_beside_the_field(
    site: Client, field: str, form: dict[str, str]
) -> None:
    response = site.post("/settings/invitations/", form)

    assert response.status_code == 422
    assert response.context["invite_form"].errors[field]
    assert not Invitation.objects.exists()


def test_an_admin_cannot_invite_an_owner(people: People, client: Client) -> None:
    client.force_login(people.admin)

    assert client.post("/settings/invitations/", {"role": "owner"}).status_code == 422
    assert not Invitation.objects.exists()


def test_a_role_is_changed(site: Client, people: People) -> None:
    site.post(member_url(people, "viewer"), {"role": "member"})

    assert role_of(people.viewer, people.team) == "member"


def test_an_unknown_role_is_refused(site: Client, people: People) -> None:
    response = site.post(member_url(people, "viewer"), {"role": "king"}, follow=True)

    assert role_of(people.viewer, people.team) == "viewer"
    assert "There is no such role." in [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize("name", ["member-role", "member-remove"])
def test_the_last_owner_stays_and_is_told_why(site: Client, people: People, name: str) -> None:
    response = site.post(member_url(people, "owner", name), {"role": "member"}, follow=True)

    assert role_of(people.owner, people.team) == "owner"
    words = [str(message) for message in response.context["messages"]]
    assert words == ["Northlight Studio needs an owner. Make somebody else an owner first."]


def test_a_member_who_leaves_is_back_in_their_personal_team(people: People, client: Client) -> None:
    client.force_login(people.member)

    response = client.post(member_url(people, "member", "member-remove"))

    assert response.headers["Location"] == reverse("create")
    assert client.get("/settings/").context["team"].is_personal


def test_an_invitation_is_taken_back(site: Client, people: People) -> None:
    invitation, _ = invitations.invite(by=people.owner, team=people.team, role=Role.VIEWER)

    site.post(reverse("invitation-revoke", args=[invitation.pk]))

    invitation.refresh_from_db()
    assert invitation.revoked_at


def test_a_form_acts_on_the_team_it_was_drawn_for(site: Client, people: People) -> None:
    """Somebody switched teams in another tab meanwhile."""
    personal = teams.create_personal_team(people.owner)
    site.post("/teams/switch/", {"team": personal.slug})

    site.post("/settings/", {"team": people.team.slug, "name": "Southlight"})

    people.team.refresh_from_db()
    personal.refresh_from_db()
    assert (people.team.name, personal.name) == ("Southlight", "Olga Owner (personal)")


def test_the_refusal_names_the_owners(people: People, client: Client) -> None:
    client.force_login(people.member)

    response = client.post("/settings/", {"name": "Mine"})

    assert response.status_code == 403
    assert list(response.context["owners"]) == [people.owner]
    assert "Olga Owner" in response.text
