import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Invitation, Membership, Role, User
from accounts.services import invitations, teams
from tests.accounts.people import People, role_of


@pytest.fixture
def staff(people: People, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com"))
    return client


def team_form(people: People, **changes: str) -> dict[str, str]:
    """What the team's page posts: everybody as they are, but for the changes."""
    rows = list(people.team.memberships.order_by("created_at"))
    form = {
        "name": people.team.name,
        "slug": people.team.slug,
        "memberships-TOTAL_FORMS": str(len(rows)),
        "memberships-INITIAL_FORMS": str(len(rows)),
    }
    for index, row in enumerate(rows):
        form[f"memberships-{index}-id"] = str(row.pk)
        form[f"memberships-{index}-team"] = str(people.team.pk)
        form[f"memberships-{index}-user"] = str(row.user_id)
        form[f"memberships-{index}-role"] = row.role
    return form | changes


@pytest.mark.parametrize("model", ["user", "team", "membership", "invitation"])
def test_an_operator_finds_rows_by_words(staff: Client, people: People, model: str) -> None:
    invitations.invite(by=people.owner, team=people.team, role=Role.MEMBER, email="olga@x.test")

    response = staff.get(reverse(f"admin:accounts_{model}_changelist"), {"q": "olga"})

    assert response.status_code == 200
    assert response.context["cl"].result_count


def test_each_row_has_a_page(staff: Client, people: People) -> None:
    invitation, _ = invitations.invite(by=people.owner, team=people.team, role=Role.MEMBER)
    membership = Membership.objects.filter(team=people.team).first()

    for row in (people.owner, people.team, membership, invitation):
        assert row is not None
        name = f"admin:accounts_{type(row).__name__.lower()}_change"
        response = staff.get(reverse(name, args=[row.pk]))
        assert response.status_code == 200
        assert invitation.token_hash not in response.text


def test_only_staff_get_in(people: People, client: Client) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/signin/")

    client.force_login(people.owner)

    assert client.get(reverse("admin:accounts_user_changelist"), follow=True).status_code == 403


def test_a_person_added_by_hand_has_a_personal_team(staff: Client) -> None:
    form = {
        "email": "New@Example.com",
        "usable_password": "true",
        "password1": "a-long-passphrase",
        "password2": "a-long-passphrase",
    }

    staff.post(reverse("admin:accounts_user_add"), form)

    assert User.objects.get(email="new@example.com").personal_team


@pytest.mark.parametrize("model", ["user", "team", "membership", "invitation"])
def test_nothing_is_deleted(staff: Client, people: People, model: str) -> None:
    rows = {
        "user": people.viewer,
        "team": people.team,
        "membership": Membership.objects.get(user=people.viewer, team=people.team),
        "invitation": invitations.invite(by=people.owner, team=people.team, role=Role.MEMBER)[0],
    }

    response = staff.post(
        reverse(f"admin:accounts_{model}_delete", args=[rows[model].pk]), {"post": "yes"}
    )

    assert response.status_code == 403
    rows[model].refresh_from_db()


def test_roles_change_on_the_page_of_the_team(staff: Client, people: People) -> None:
    url = reverse("admin:accounts_team_change", args=[people.team.pk])

    staff.post(url, team_form(people, **{"memberships-3-role": "admin"}))

    assert role_of(people.viewer, people.team) == "admin"


@pytest.mark.parametrize(
    "change", [{"memberships-0-role": "member"}, {"memberships-0-DELETE": "on"}]
)
def test_a_team_keeps_an_owner(staff: Client, people: People, change: dict[str, str]) -> None:
    url = reverse("admin:accounts_team_change", args=[people.team.pk])

    response = staff.post(url, team_form(people, **change))

    assert "A team needs an owner." in response.text
    assert role_of(people.owner, people.team) == "owner"


def test_nobody_is_added_to_a_personal_team(staff: Client, people: People) -> None:
    personal = teams.create_personal_team(people.owner)

    response = staff.get(reverse("admin:accounts_team_change", args=[personal.pk]))

    formset = response.context["inline_admin_formsets"][0].formset
    assert formset.max_num == 0


def test_open_invitations_are_taken_back(staff: Client, people: People) -> None:
    for email in ("a@example.com", "b@example.com"):
        invitations.invite(by=people.owner, team=people.team, role=Role.MEMBER, email=email)
    chosen = [str(pk) for pk in Invitation.objects.values_list("pk", flat=True)]

    staff.post(
        reverse("admin:accounts_invitation_changelist"),
        {"action": "take_back", "_selected_action": chosen},
    )

    assert not Invitation.objects.pending().exists()
