from functools import partial

import pytest

from accounts.errors import LastOwner, NotAllowed, NotAMember
from accounts.models import Membership, Role, Team, User
from accounts.services import teams
from tests.accounts.people import People, join, make_people, role_of
from tests.accounts.race import meeting, together


def test_everyone_has_one_personal_team(people: People) -> None:
    first = teams.create_personal_team(people.member)
    again = teams.create_personal_team(people.member)

    assert first == again
    assert first.is_personal
    assert role_of(people.member, first) == Role.OWNER


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_personal_team() -> None:
    user = User.objects.create_user("mara@example.com")

    made = together(*[partial(teams.create_personal_team, user)] * 2)

    assert made[0] == made[1] == Team.objects.get(personal_owner=user)


def test_whoever_makes_a_team_owns_it(people: People) -> None:
    team = teams.create_team(by=people.outsider, name="Second Light")

    assert team.slug == "second-light"
    assert role_of(people.outsider, team) == Role.OWNER


@pytest.mark.parametrize("name", ["Northlight Studio", "northlight studio!"])
def test_teams_of_one_name_get_different_slugs(people: People, name: str) -> None:
    team = teams.create_team(by=people.outsider, name=name)

    assert team.slug.startswith("northlight-studio-")


@pytest.mark.parametrize("name", ["日本", "---", "🌒"])
def test_a_name_without_letters_for_an_address_still_makes_a_team(
    people: People, name: str
) -> None:
    assert teams.create_team(by=people.owner, name=name).slug.startswith("team")


def test_an_owner_renames_the_team(people: People) -> None:
    teams.rename(by=people.owner, team=people.team, name="Southlight")

    people.team.refresh_from_db()
    assert people.team.name == "Southlight"


@pytest.mark.parametrize("role", ["admin", "member", "viewer", "outsider"])
def test_nobody_else_renames_the_team(people: People, role: str) -> None:
    with pytest.raises(NotAllowed):
        teams.rename(by=people.named(role), team=people.team, name="Mine")


@pytest.mark.parametrize("actor", ["owner", "admin"])
def test_owners_and_admins_change_roles(people: People, actor: str) -> None:
    teams.change_role(by=people.named(actor), team=people.team, user=people.viewer, role=Role.ADMIN)

    assert role_of(people.viewer, people.team) == Role.ADMIN


@pytest.mark.parametrize("actor", ["member", "viewer", "outsider"])
def test_nobody_else_changes_roles(people: People, actor: str) -> None:
    with pytest.raises(NotAllowed):
        teams.change_role(
            by=people.named(actor), team=people.team, user=people.viewer, role=Role.MEMBER
        )


@pytest.mark.parametrize(("target", "role"), [("owner", Role.MEMBER), ("admin", Role.OWNER)])
def test_an_admin_neither_makes_nor_unmakes_owners(people: People, target: str, role: Role) -> None:
    with pytest.raises(NotAllowed):
        teams.change_role(by=people.admin, team=people.team, user=people.named(target), role=role)


def test_a_role_needs_a_member(people: People) -> None:
    with pytest.raises(NotAMember, match="Otto Outsider is not in Northlight Studio"):
        teams.change_role(by=people.owner, team=people.team, user=people.outsider, role=Role.MEMBER)


def test_the_last_owner_is_not_demoted(people: People) -> None:
    with pytest.raises(LastOwner, match="Northlight Studio needs an owner"):
        teams.change_role(by=people.owner, team=people.team, user=people.owner, role=Role.ADMIN)

    assert role_of(people.owner, people.team) == Role.OWNER


def test_the_last_owner_cannot_leave(people: People) -> None:
    with pytest.raises(LastOwner):
        teams.remove_member(by=people.owner, team=people.team, user=people.owner)


def test_a_deactivated_owner_does_not_count_as_one(people: People) -> None:
    other = join(people.team, "gone@example.com", Role.OWNER)
    User.objects.filter(pk=other.pk).update(is_active=False)

    with pytest.raises(LastOwner):
        teams.remove_member(by=people.owner, team=people.team, user=people.owner)


def test_nobody_leaves_their_personal_team(people: People) -> None:
    personal = teams.create_personal_team(people.member)

    with pytest.raises(LastOwner):
        teams.remove_member(by=people.member, team=personal, user=people.member)


@pytest.mark.parametrize("leaver", ["admin", "member", "viewer"])
def test_everyone_else_may_leave(people: People, leaver: str) -> None:
    user = people.named(leaver)

    teams.remove_member(by=user, team=people.team, user=user)

    assert not Membership.objects.filter(team=people.team, user=user).exists()


@pytest.mark.parametrize(
    ("actor", "target"),
    [("admin", "owner"), ("member", "viewer"), ("viewer", "member"), ("outsider", "viewer")],
)
def test_a_role_does_not_remove_beyond_its_reach(people: People, actor: str, target: str) -> None:
    with pytest.raises(NotAllowed):
        teams.remove_member(by=people.named(actor), team=people.team, user=people.named(target))


def leave_at_once(monkeypatch: pytest.MonkeyPatch) -> Team:
    """Two owners leave in the same moment, each after seeing that the other is still there."""
    people = make_people()
    other = join(people.team, "second@example.com", Role.OWNER)
    monkeypatch.setattr(teams, "_keep_an_owner_besides", meeting(teams._keep_an_owner_besides))
    together(
        *[
            partial(teams.remove_member, by=user, team=people.team, user=user)
            for user in (people.owner, other)
        ]
    )
    return people.team


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    team = leave_at_once(monkeypatch)

    assert Membership.objects.owners().filter(team=team).count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_would_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above can fail."""
    monkeypatch.setattr(teams, "lock_members", lambda team: None)

    team = leave_at_once(monkeypatch)

    assert Membership.objects.owners().filter(team=team).count() == 0
